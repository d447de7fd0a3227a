"""What Airflow is told of a failure: whether to try again, and one sentence at the end of the log."""

from __future__ import annotations

import logging
import traceback
from types import SimpleNamespace

import pytest

from airflow_provider_liveperson import exceptions as errors
from airflow_provider_liveperson.client.responses import is_permanent
from airflow_provider_liveperson.failures import fail, say_why
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.stores import RefusedError
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator
from airflow_provider_liveperson.version_compat import AirflowFailException

PERMANENT = [
    errors.ConfigurationError("no account"),
    errors.EmptyWindowError("no window"),
    errors.WindowOutOfRangeError("too early"),
    errors.UntrustedHostError("elsewhere"),
    errors.AuthenticationError("wrong secret", status=401),
    errors.AuthenticationError("no token", status=400),
    errors.AuthenticationError("blocked", status=451),
    errors.AuthenticationError("consent is over"),
    errors.PermissionDeniedError("not allowed", status=403),
    errors.RequestRejectedError("bad filter", status=400),
    errors.RequestRejectedError("not there", status=404),
    errors.InvalidResponseError("redirect", status=302),
    errors.ServiceUnavailableError("the proxy wants a password", status=407),
    errors.StorageError("no bucket", permanent=True),
    errors.InvalidResponseError("too large", permanent=True),
]
MAY_HEAL = [
    errors.ServiceUnavailableError("down", status=503),
    errors.ServiceUnavailableError("unreachable"),
    errors.RateLimitedError("slow down", status=429, retry_after=90),
    errors.InvalidResponseError("cut short", status=200),
    errors.InvalidResponseError("no JSON"),
    errors.IncompletePullError("moved"),
    errors.StorageError("slow down"),
    errors.ConfigurationError("no such connection, or no secrets backend", permanent=False),
]


@pytest.mark.parametrize("error", PERMANENT, ids=str)
def test_what_cannot_heal_spends_no_further_try(error):
    assert is_permanent(error)
    with pytest.raises(AirflowFailException, match=str(error)) as raised:
        fail(error)
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", MAY_HEAL, ids=str)
def test_what_may_heal_is_raised_unparsed(error):
    assert not is_permanent(error)
    with pytest.raises(type(error)) as raised:
        fail(error)
    assert raised.value is error


def from_the_depths() -> errors.LivePersonError:
    """An error with a library's behind it."""

    def library() -> None:
        raise KeyError("deep inside")

    try:
        try:
            library()
        except KeyError as error:
            raise errors.ServiceUnavailableError("the host cannot be reached", field="host") from error
    except errors.LivePersonError as error:
        return error


@pytest.mark.parametrize("permanent", [True, False])
def test_frames_and_causes_of_libraries_are_not_shown(permanent):
    error = from_the_depths()
    error.permanent = permanent
    with pytest.raises((AirflowFailException, errors.LivePersonError)) as raised:
        fail(error)
    shown = "".join(traceback.format_exception(raised.value))
    assert "deep inside" not in shown
    assert "in library" not in shown
    assert shown.rstrip().endswith("the host cannot be reached")


def test_the_frames_are_in_the_log_of_who_wants_them(caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(errors.LivePersonError):
        fail(from_the_depths())
    assert "in from_the_depths" in caplog.text
    assert "deep inside" not in caplog.text  # what libraries say has not been looked through for secrets


def wrapped(error: Exception) -> AirflowFailException:
    try:
        raise AirflowFailException(str(error)) from error
    except AirflowFailException as failed:
        return failed


@pytest.mark.parametrize("wrap", [wrapped, lambda error: error])
def test_the_sentence_is_one_line_that_names_the_field(caplog, wrap):
    error = errors.AuthenticationError("401 came.\n Check it", field="client_secret")
    say_why({"exception": wrap(error)})
    last = caplog.records[-1]
    assert last.levelno == logging.ERROR
    assert last.getMessage() == "AuthenticationError: 401 came. Check it. Look at: client_secret."


def test_a_sentence_with_a_full_stop_gets_no_second_one(caplog):
    say_why({"exception": errors.StorageError("S3 is slow. Try again.", field="bucket")})
    assert caplog.records[-1].getMessage() == "StorageError: S3 is slow. Try again. Look at: bucket."


@pytest.mark.parametrize("kind", [RefusedError, ConcurrentRunError])
def test_an_error_has_the_name_by_which_troubleshooting_lists_it(caplog, kind):
    say_why({"exception": kind("no bucket", field="bucket")})
    assert caplog.records[-1].getMessage() == "StorageError: no bucket"


def test_a_field_that_is_named_already_is_not_named_again(caplog):
    say_why({"exception": errors.ConfigurationError("end is missing", field="end")})
    assert caplog.records[-1].getMessage() == "ConfigurationError: end is missing"


@pytest.mark.parametrize(
    "context", [{}, {"exception": None}, {"exception": KeyError("a bug")}, {"exception": "killed"}]
)
def test_of_other_failures_airflow_says_enough(caplog, context):
    say_why(context)
    assert not caplog.records


def of_the_user(context: object) -> None:
    """Tells somebody."""


@pytest.mark.parametrize("given", [None, of_the_user, [of_the_user], (of_the_user, of_the_user)])
@pytest.mark.parametrize("kind", ["on_failure_callback", "on_retry_callback"])
def test_callbacks_of_the_user_stay_and_come_first(given, kind):
    made = LivePersonToS3Operator(task_id="pull", dataset="users", bucket="lake", **{kind: given})
    users = [] if given is None else [given] if callable(given) else list(given)
    assert list(getattr(made, kind)) == [*users, say_why]


def test_an_operator_that_fails_by_a_bug_shows_all_of_it(monkeypatch):
    made = LivePersonToS3Operator(task_id="pull", dataset="users", bucket="lake")
    monkeypatch.setattr(made, "_execute", lambda context: SimpleNamespace().missing)
    with pytest.raises(AttributeError, match="missing"):
        made.execute({})
