"""Predefined content, which agents send with a few keys, and its categories.

LivePerson pages: `predefined-content-api-*`, `predefined-categories-api-*`.
"""

from __future__ import annotations

from airflow_provider_liveperson.datasets.account_config.collection import collection, every_field
from airflow_provider_liveperson.datasets.model.filters import Text, Texts
from airflow_provider_liveperson.records.columns import BOOLEAN, INTEGER, TEXT, Array, Column, Struct

_HOTKEY = Struct({"prefix": TEXT, "suffix": TEXT})
_CONTENT: dict[str, Column] = {
    "id": TEXT,
    "deleted": BOOLEAN,
    "enabled": BOOLEAN,
    "type": INTEGER,
    "hotkey": _HOTKEY,
    "hot-key": _HOTKEY,  # the same, in another spelling of LivePerson's pages
    "data": Array(Struct({"title": TEXT, "msg": TEXT, "lang": TEXT, "isDefault": BOOLEAN})),
    "categoriesIds": Array(TEXT),
    "skillIds": Array(TEXT),
    "lobIds": Array(TEXT),
    "templateId": TEXT,
    "attributes": Array(Struct({"name": TEXT, "value": TEXT})),
}
# As on LivePerson's page, which names the fields inside `data`. A nested selection may stand there only once.
_SELECTED = every_field(
    "data(title,msg,lang,isDefault)" if name == "data" else name for name in _CONTENT if name != "hot-key"
)

PREDEFINED_CONTENT = collection(
    name="predefined_content",
    title="Predefined content: texts that agents send with a few keys",
    page="predefined-content-api-methods-get-predefined-content-items.html",
    path="engagement-window/canned-responses",
    version="2.0",
    columns=_CONTENT,
    content="data",
    ways=_SELECTED,
    permission="Predefined Content, Read",
    filters={
        "ids": Texts(description="Only these items."),
        "skill_ids": Texts(description="Only items of these skills."),
        "lang": Text(description="Only texts in this language, such as en-US. Default: all languages."),
    },
)
DEFAULT_PREDEFINED_CONTENT = collection(
    name="default_predefined_content",
    title="LivePerson's own predefined content",
    page="predefined-content-api-methods-get-default-predefined-content-items.html",
    path="defaults/engagement-window/canned-responses",
    version="2.0",
    columns=_CONTENT,
    content="data",
    ways=_SELECTED,
    permission="Predefined Content, Read",
)
PREDEFINED_CATEGORIES = collection(
    name="predefined_categories",
    title="Categories of predefined content",
    page="predefined-categories-api-methods-categories-list.html",
    path="le-categories/categories",
    version="2.0",
    columns={"id": TEXT, "deleted": BOOLEAN, "name": TEXT, "order": INTEGER, "proposed": BOOLEAN},
    content="order",
    permission="Predefined Categories, Read",
)
