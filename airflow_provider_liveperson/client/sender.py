"""The request loop: sends a request, and sends it again as the table in ``responses.py`` says."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import msgspec
import requests
import tenacity
import urllib3

from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.body import host_of, read_answer
from airflow_provider_liveperson.client.causes import cause_of
from airflow_provider_liveperson.client.exchange import Exchange, Stop, Watchdog
from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.client.pacing import Pacer
from airflow_provider_liveperson.client.responses import (
    ACCEPTED,
    LATE,
    UNREADABLE,
    Action,
    Outcome,
    clock_offset,
    never_left,
    outcome_of_exception,
    outcome_of_status,
    retry_after,
)
from airflow_provider_liveperson.client.retries import RetrySchedule
from airflow_provider_liveperson.client.scrubbing import hide, scrub
from airflow_provider_liveperson.client.session import GuardedSession, unsigned
from airflow_provider_liveperson.client.tally import RequestTally
from airflow_provider_liveperson.exceptions import (
    InvalidResponseError,
    LivePersonError,
    ServiceUnavailableError,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

NOTABLE_CLOCK_OFFSET = 60.0
"""Seconds from when on a wrong clock is named as the reason why LivePerson refuses a signature."""
MAX_REQUEST_TIMEOUTS = 10.0
"""How many timeouts a whole request may take, from its first byte to the last of its answer."""
MAX_FILE_TIMEOUTS = 60.0
"""The same for a request whose answer is a file."""
_GRACE = 0.5
"""Seconds after the end of a budget until requests are ended from outside: their own timeouts end them better."""
_LOGOUT_SECONDS = 1.0
"""Seconds that a logout may take when the client's budget is spent."""
_AGAIN = (Action.RETRY, Action.WAIT)


class _RetryableError(Exception):
    """Carries a failed attempt that may be repeated to the retry loop."""

    def __init__(self, outcome: Outcome, error: LivePersonError) -> None:
        super().__init__()
        self.outcome = outcome
        self.error = error


def _failure(state: tenacity.RetryCallState) -> _RetryableError:
    return cast("_RetryableError", state.outcome.exception() if state.outcome else None)


class Sender:
    """Sends requests, and repeats them as the table in ``responses.py`` says.

    :param session: sends them, and holds the credential that signs them.
    :param base_url: returns the base URL of a service, or of its fallback.
    :param account_id: replaces ``{account_id}`` in paths.
    :param source: replaces ``{source}`` in query parameters.
    :param schedule: how often requests are repeated, and how long to wait before.
    :param budget: seconds that all requests together may take, or None; for the connection test.
    :param secrets: what no message may hold, beside the credential's secrets.
    """

    def __init__(
        self,
        *,
        session: GuardedSession,
        base_url: Callable[[str, str], str],
        account_id: str,
        source: str,
        schedule: RetrySchedule,
        budget: float | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._account_id = account_id
        self._source = source
        self._schedule = schedule
        self._own_secrets = tuple(secrets)
        self._deadline = None if budget is None else time.monotonic() + budget
        self._watchdog = Watchdog()
        self._pacer = Pacer()
        self.stop = Stop()
        self.tally = RequestTally()
        self.clock_offset: float | None = None

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (*self._session.credential.secrets, *self._own_secrets)

    def close(self) -> None:
        """End the thread that watches requests; :attr:`stop` ends the requests themselves."""
        self._watchdog.close()

    def send(
        self,
        request: ApiRequest,
        parse: Callable[[Answer], T],
        *,
        notice: Callable[[Action], None] | None = None,
        answer: Answer | None = None,
        stop: Stop | None = None,
    ) -> T:
        """Send a request, retrying as the table in ``responses.py`` says.

        :param request: the request.
        :param parse: makes the result of an answer; an InvalidResponseError from it has the request repeated.
        :param notice: is called for every attempt that failed and will be repeated, before the wait.
        :param answer: an answer to this request that is here already: it is parsed before anything is sent.
        :param stop: ends the request, and the wait before its repetition; default: that of the client.
        :raises LivePersonError: the error that the table names, once the retries are used up.
        """
        stop = stop or self.stop
        request = replace(
            request,
            path=request.path.replace("{account_id}", self._account_id),
            params={
                name: self._source if value == SOURCE else value
                for name, value in request.params_for(self._session.credential.kind).items()
            },
        )
        url = self._base_url(request.service, request.fallback_service) + request.path
        failures: Counter[Action] = Counter()
        allowed = {
            Action.RETRY: len(self._schedule.waits),
            Action.WAIT: self._schedule.rate_limit_repeats,
        }

        def attempt() -> T:
            nonlocal answer
            present, answer = answer, None
            try:
                return self._parse(request, url, parse, present or self._send_signed(request, url, stop))
            except _RetryableError as failed:
                if stop.is_set:  # nothing more is sent
                    raise failed.error from failed.__cause__
                failures[failed.outcome.action] += 1
                if notice is not None:
                    notice(failed.outcome.action)
                raise

        def give_up(state: tenacity.RetryCallState) -> bool:
            action = _failure(state).outcome.action
            return failures[action] > allowed[action]

        def wait(state: tenacity.RetryCallState) -> float:
            failed = _failure(state)
            repeat = failures[failed.outcome.action]
            if failed.outcome.action is Action.WAIT:
                return self._schedule.rate_limit_wait(
                    repeat, shortest=request.shortest_wait, retry_after=failed.error.retry_after
                )
            return self._schedule.server_wait(repeat, retry_after=failed.error.retry_after)

        def sleep(seconds: float) -> None:
            self.tally.count(repeated=1)
            log.debug("%s failed; trying again in %.1f s", request, seconds)
            retries.pause(seconds, stop)

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_RetryableError),
            wait=wait,
            stop=give_up,
            sleep=sleep,
            reraise=True,
        )
        try:
            result: T = attempts(attempt)
        except _RetryableError as failed:
            raise failed.error from failed.__cause__
        return result

    def _send_signed(self, request: ApiRequest, url: str, stop: Stop) -> Answer:
        """Send a request once, or twice where the credential can be renewed, and read its answer.

        Whatever the libraries below raise becomes an error of this package.
        """
        for may_renew in (True, False):
            if request.when_closed != "begin":
                self._check_may_begin(request, url, stop)
            self._keep_rate(request, url, stop)
            # An error that the credential raises while it signs is final: it comes from a request of its own, with
            # retries of its own.
            prepared = self._prepare(request, url)
            with self._under_way(request, stop) as exchange:
                try:
                    response = self._exchange(request, prepared)
                    if response.status_code == 401 and request.signed:
                        if not may_renew:
                            self._session.credential.renewed_in_vain()
                        elif self._session.credential.renew(response.request):
                            response.close()
                            continue
                    return self._accepted(request, url, response, exchange)
                except (LivePersonError, _RetryableError, MemoryError):
                    raise
                except Exception as error:
                    raise self._exchange_error(request, url, error, exchange) from error
        raise AssertionError("the second round always ends")  # pragma: no cover

    def _keep_rate(self, request: ApiRequest, url: str, stop: Stop) -> None:
        """Wait for this request's turn, where its service has a declared rate."""
        if request.max_per_second is not None:
            self._pacer.wait_turn(request.service, request.max_per_second, stop=stop)
            self._check_may_begin(request, url, stop)

    def _check_may_begin(self, request: ApiRequest, url: str, stop: Stop) -> None:
        if stop.is_set:
            raise _stopped(request)
        if self._deadline is not None and time.monotonic() >= self._deadline + _GRACE:
            raise ServiceUnavailableError(
                f"{request} at {host_of(url)} was not sent: the time limit of this check has been reached. Check the"
                " network and any proxy.",
                field="host",
            )

    def _prepare(self, request: ApiRequest, url: str) -> requests.PreparedRequest:
        """Make and sign one attempt."""
        made = requests.Request(
            request.method,
            url,
            params=request.params or None,
            json=request.json,
            data=request.form,
            headers={"Accept": "application/json", **request.headers},
            auth=None if request.signed else unsigned,
        )
        try:
            return self._session.prepare_request(made)
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise self._library_error(request, url, error) from error

    @contextmanager
    def _under_way(self, request: ApiRequest, stop: Stop) -> Iterator[Exchange]:
        longest = self._session.timeout[1] * (MAX_FILE_TIMEOUTS if request.to_disk else MAX_REQUEST_TIMEOUTS)
        now = time.monotonic()
        ends_at = now + longest
        if self._deadline is not None:
            least = now + _LOGOUT_SECONDS if request.when_closed == "begin" else 0.0
            ends_at = min(ends_at, max(self._deadline + _GRACE, least))
        exchange = Exchange(ends_at)
        stopping = stop.ending(exchange) if request.when_closed == "end" else nullcontext()
        with stopping, self._watchdog.watching(exchange):
            yield exchange

    def _accepted(
        self, request: ApiRequest, url: str, response: requests.Response, exchange: Exchange
    ) -> Answer:
        outcome = _outcome(request, response.status_code)
        if outcome.action is not Action.ACCEPT:
            with response:
                refusal = self._refusal(request, url, response, outcome)
            again = outcome.action in _AGAIN and request.repeatable
            raise _RetryableError(outcome, refusal) if again else refusal
        answer = read_answer(request, url, response)
        if exchange.is_cut:  # the end of the body may be this end
            if answer.file is not None:
                answer.file.close()
            raise requests.exceptions.ConnectionError("ended by this client")
        return answer

    def _exchange_error(
        self, request: ApiRequest, url: str, error: Exception, exchange: Exchange
    ) -> Exception:
        """The error for an exchange that failed without an answer."""
        if exchange.is_stopped:
            return _stopped(request)
        if exchange.is_overdue:
            failure = ServiceUnavailableError(
                f"{request} at {host_of(url)} did not finish in time, though data kept arriving: it may take"
                f" {MAX_FILE_TIMEOUTS if request.to_disk else MAX_REQUEST_TIMEOUTS:.0f} times the connection's timeout"
                + (", and no more than the time limit of this check" if self._deadline else "")
                + ". Check the network and any proxy, or raise the timeout.",
                field="timeout",
            )
            return _RetryableError(LATE, failure) if request.repeatable else failure
        return self._library_error(request, url, error)

    def _parse(self, request: ApiRequest, url: str, parse: Callable[[Answer], T], answer: Answer) -> T:
        try:
            if answer.file is not None:
                answer.file.seek(0)
            return parse(answer)
        except msgspec.MsgspecError as error:
            if answer.file is not None:
                answer.file.close()
            unreadable = InvalidResponseError(
                f"the answer is not what LivePerson documents ({error})", status=answer.status
            )
            raise self._library_error(request, url, unreadable) from error
        except LivePersonError as error:
            if answer.file is not None:
                answer.file.close()
            error.args = (hide(str(error), self._secrets),)
            if not isinstance(error, InvalidResponseError):
                error.args = (f"{request} at {host_of(url)}: {error}",)
                raise
            raise self._library_error(request, url, error) from error

    def _exchange(self, request: ApiRequest, prepared: requests.PreparedRequest) -> requests.Response:
        timeout = None
        if self._deadline is not None:
            left = max(0.1, min(self._deadline - time.monotonic(), self._session.timeout[1]))
            timeout = (left / 3, left * 2 / 3)  # connecting and waiting follow each other
        how = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        started = time.monotonic()
        self.tally.count(sent=1)
        response = self._session.send(prepared, timeout=timeout, **how)
        if response.status_code == 429:
            self.tally.count(rate_limited=1)
        seconds = time.monotonic() - started
        log.debug("%s: %s in %.3f s", request, response.status_code, seconds)
        self.clock_offset = clock_offset(response.headers, datetime.now(UTC) - timedelta(seconds=seconds / 2))
        return response

    def _refusal(
        self, request: ApiRequest, url: str, response: requests.Response, outcome: Outcome
    ) -> LivePersonError:
        try:
            body = scrub(
                response.raw.read(4096, decode_content=True).decode("utf-8", "replace"),
                self._secrets,
            )
        except Exception as error:
            log.debug("%s: the body of the refusal is unreadable: %s", request, type(error).__name__)
            body = ""
        field, why = (None, None)
        if request.signed and response.status_code in (401, 403):
            field, why = self._session.credential.explain(response.status_code, body)
            offset = clock_offset(response.headers, datetime.now(UTC))
            blames_nothing = field is None and self._session.credential.signs_the_time
            if (
                response.status_code == 401
                and blames_nothing
                and offset
                and abs(offset) > NOTABLE_CLOCK_OFFSET
            ):
                why = (
                    f"this machine's clock is off by {abs(offset):.0f} s ({'behind' if offset > 0 else 'ahead of'}"
                    " LivePerson's): set it right"
                )
        # The body of a 2xx explains nothing, and may hold customers' records.
        said = f" {body!r}" if body and not 200 <= response.status_code < 300 else ""
        happened = f"{request} at {host_of(url)} answered {response.status_code}{said}"
        return outcome.error(
            f"{_sentence(why)} {happened}." if why else f"{happened}. {outcome.hint}",
            field=field or outcome.field,
            status=response.status_code,
            retry_after=retry_after(response.headers) if outcome.action in _AGAIN else None,
        )

    def _library_error(self, request: ApiRequest, url: str, error: Exception) -> Exception:
        # An unforeseen exception comes from an answer that the libraries cannot read.
        outcome = outcome_of_exception(error) or UNREADABLE
        if isinstance(error, InvalidResponseError):
            failure: LivePersonError = InvalidResponseError(
                f"{request} at {host_of(url)}: {error}", field=error.field, status=error.status
            )
        else:
            reason = scrub(cause_of(error), self._secrets)
            failure = outcome.error(
                f"{request} at {host_of(url)} failed. {outcome.hint} ({reason})",
                field=outcome.field or "host",
                permanent=True if outcome.action is Action.FAIL else None,
            )
        again = outcome.action in _AGAIN and (request.repeatable or never_left(error))
        return _RetryableError(outcome, failure) if again else failure


# LivePerson's collections answer 304 to If-Match, too, or to a header of their own.
_CONDITIONS = {"if-none-match", "if-modified-since", "if-match", "x-lp-last-modified"}


def _outcome(request: ApiRequest, status: int) -> Outcome:
    sent = {name.lower() for name in request.headers}
    if status == 304 and not sent & _CONDITIONS:
        return UNREADABLE
    if status == 206 and (request.may_be_partial or "range" in sent):
        return ACCEPTED
    return outcome_of_status(status)


def _stopped(request: ApiRequest) -> LivePersonError:
    return LivePersonError(
        f"{request} was abandoned: the client has been closed, or what needed its answer has failed"
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
