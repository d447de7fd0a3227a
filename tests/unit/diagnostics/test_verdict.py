"""What an answer says about a dataset, and which right to ask for."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.client.credentials.api_key import FROZEN, ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics.verdict import LATE, joined, verdict
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    PermissionDeniedError,
    RequestRejectedError,
    ServiceUnavailableError,
)

API_KEY = ApiKeyCredential(app_key="k", app_secret="hush", access_token="t", access_token_secret="hush")
APP_JWT = AppJwtCredential(client_id="c", client_secret="hush")
LOGIN = LoginCredential(user_name="u", password="hush")
USERS = DATASETS["users"]
FORBIDDEN = PermissionDeniedError("no", status=403)


@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        (None, "readable", "Can be read."),
        (FORBIDDEN, "refused", "Access denied: "),
        (
            AuthenticationError("no", status=401),
            "refused",
            "The credential was rejected, or lacks the right: ",
        ),
        (AuthenticationError("no", status=451), "refused", "Access denied; LivePerson's answer says why."),
        (LATE, "unknown", "LivePerson did not answer in time."),
        (
            ServiceUnavailableError("no", status=503),
            "unknown",
            "Unknown, because the request failed with status 503.",
        ),
        (
            RequestRejectedError("no", status=400),
            "unknown",
            "Unknown, because the request failed with status 400.",
        ),
        (ServiceUnavailableError("no"), "unknown", "Unknown, because the request failed."),
    ],
    ids=["200", "403", "401", "451", "late", "503", "400", "no answer"],
)
def test_status_and_sentence(answer, status, sentence):
    found = verdict(API_KEY, USERS, answer)
    assert found[0] == status
    assert found[1].startswith(sentence)


@pytest.mark.parametrize(
    ("credential", "advice"),
    [
        (API_KEY, f"the API key lacks the permission Administration → Users, and {FROZEN}; use "),
        (APP_JWT, "ask LivePerson to add this scope to the application: users.external"),
        (LOGIN, "ask an administrator to give the user the right"),
    ],
    ids=["API key", "App-JWT", "Login"],
)
def test_what_to_ask_for_depends_on_the_credential(credential, advice):
    assert f"Access denied: {advice}" in verdict(credential, USERS, FORBIDDEN)[1]


def test_a_credential_that_is_not_documented_for_a_dataset_is_said_to_be_so():
    other = DATASETS["skills"]
    told = verdict(APP_JWT, other, FORBIDDEN)[1]
    assert "which is not documented; LivePerson documents it for" in told
    assert told.endswith(f"not for {APP_JWT.kind}.")


def test_a_dataset_that_no_page_describes_is_said_to_be_read_by_clients():
    told = verdict(APP_JWT, DATASETS["campaigns"], FORBIDDEN)[1]
    assert told.endswith(
        "LivePerson documents it for no kind of credential, and clients use API key or Login."
    )


def test_a_kind_that_clients_use_is_not_said_to_be_wrong():
    told = verdict(LOGIN, DATASETS["agent_metrics_status"], FORBIDDEN)[1]
    assert told == "Access denied: ask an administrator to give the user the right."


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_lists_in_english(names, text):
    assert joined(names, "or") == text
