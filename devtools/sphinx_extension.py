"""What the documentation site does beyond Sphinx and MyST.

* A page shows ``images/x-light.png``, as it does on GitHub and PyPI. Where there is an ``images/x-dark.png`` beside it,
  the site shows the one that fits the reader's theme.
* Each dataset has a page, made from its declaration, and each mention of its name in backticks leads there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from airflow_provider_liveperson.datasets.catalog import DATASETS
from devtools.dataset_reference import pages

_LIGHT, _DARK = "-light.", "-dark."
_DATASETS = "datasets"


class ThemedImages(SphinxTransform):
    """Adds the dark picture to each light one, with the classes by which furo shows one of them."""

    # Before Sphinx collects the pictures to copy.
    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        """Add them to the page."""
        folder = Path(self.env.doc2path(self.env.docname)).parent
        for light in list(self.document.findall(nodes.image)):
            dark = light["uri"].replace(_LIGHT, _DARK)
            if _LIGHT not in light["uri"] or not (folder / dark).is_file():
                continue
            twin = light.deepcopy()
            twin["uri"] = dark
            twin["classes"].append("only-dark")
            light["classes"].append("only-light")
            light.parent.insert(light.parent.index(light) + 1, twin)


class LinkedDatasets(SphinxTransform):
    """Makes links of the datasets' names."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        """Make them on the page, but for headings, for links, and for a dataset's own page."""
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext()
            target = f"{_DATASETS}/{name}"
            if name not in DATASETS or target == self.env.docname:
                continue
            if isinstance(literal.parent, nodes.title | nodes.reference | pending_xref):
                continue
            link = pending_xref(
                "",
                literal.deepcopy(),
                refdomain="std",
                reftype="doc",
                reftarget=f"/{target}",
                refdoc=self.env.docname,
                refexplicit=True,
                refwarn=True,
            )
            literal.replace_self(link)


def write_pages(app: Sphinx) -> None:
    """Write the datasets' pages among the sources, where they have changed.

    :param app: the running Sphinx.
    """
    folder = Path(app.srcdir) / _DATASETS
    folder.mkdir(exist_ok=True)
    made = {folder / f"{name}.md": text for name, text in pages().items()}
    for path in set(folder.glob("*.md")) - set(made):
        path.unlink()
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register it with Sphinx.

    :param app: the running Sphinx.
    """
    app.add_transform(ThemedImages)
    app.add_transform(LinkedDatasets)
    app.connect("builder-inited", write_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
