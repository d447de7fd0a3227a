"""One pooled session per client: where every request leaves, and the loop that asks again."""

from __future__ import annotations

import logging
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import urlsplit

import msgspec
import requests
import tenacity
import urllib3
from urllib3.response import GzipDecoder

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.client.causes import cause_of
from airflow_provider_liveperson.client.compressed import has_ended
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.domains import HostGuard, is_loopback
from airflow_provider_liveperson.client.exchange import Exchange, Stop, Watch
from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
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
from airflow_provider_liveperson.client.wire import Adapter
from airflow_provider_liveperson.exceptions import (
    InvalidResponseError,
    LivePersonError,
    ServiceUnavailableError,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

USER_AGENT = (
    f"airflow-provider-liveperson/{__version__} python/{platform.python_version()}"
    f" requests/{requests.__version__}"
)
MAX_CONNECT_SECONDS = 10.0
NOTABLE_CLOCK_OFFSET = 60.0
MAX_REQUEST_TIMEOUTS = 10.0
"""How many times the timeout a request may take altogether, from its first byte to the last of its answer."""
MAX_FILE_TIMEOUTS = 60.0
"""The same for one whose answer is a file."""
MAX_ANSWER = 256 * 1024 * 1024
"""Bytes, decompressed, that are taken of one answer into memory. LivePerson's largest pages have a few MB."""
MAX_FILE = 16 * 1024 * 1024 * 1024
"""Bytes, decompressed, that are taken of one answer to disk: an account's largest exports have less than one GB."""
_GRACE = 0.5
"""Seconds after the end of a budget until requests are ended from outside: their own time-outs end them better."""
_FOR_ITS_END = 1.0
"""Seconds that a logout may take whose client's budget is spent."""
_CHUNK = 1 << 16
_IN_MEMORY = 1 << 20
# An urllib3 before 2.6 decompresses all that it has read at once.
_PIECE = 1 << 23 if hasattr(GzipDecoder, "has_unconsumed_tail") else 1 << 16
_AGAIN = (Action.RETRY, Action.WAIT)


class GuardedSession(requests.Session):
    """A ``requests.Session`` that signs, bounds and guards whatever goes through it.

    Every request is signed by the credential, has timeouts, follows no redirect, keeps no cookie, and is
    refused before it leaves if its host may not be given a credential. Certificates are verified, except those of
    loopback hosts for whom somebody says otherwise.

    :param guard: admits hosts.
    :param credential: signs.
    :param timeout: seconds to wait for the next byte; connecting is given at most 10 of them.
    :param pool: the most connections kept open to one host.
    :param proxies: scheme to the proxy's URL; they go before those of the environment.
    :param verify: True, or the path of a CA bundle, which goes before that of the environment, or False.
    :param cert: the file of a client certificate and its key, or the two files.
    """

    def __init__(
        self,
        *,
        guard: HostGuard,
        credential: Credential,
        timeout: float,
        pool: int,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str = True,
        cert: tuple[str, str] | str | None = None,
    ) -> None:
        super().__init__()
        self.proxies.update(proxies or {})
        self.verify = verify
        self.cert = cert
        self._guard = guard
        self.timeout = (min(MAX_CONNECT_SECONDS, timeout), timeout)
        self.auth = credential
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.trust_env = not is_loopback(urlsplit(guard.domain_api).hostname or "")
        adapter = Adapter(pool_connections=16, pool_maxsize=pool, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No answer leads anywhere else."""

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Sign a request.

        :raises UntrustedHostError: for a host that may not be given a credential.
        """
        self._guard.check(str(request.url))
        return super().prepare_request(request)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Let what the connection says go before what the environment says, which requests has the other way round."""
        proxies = {**self.proxies, **(proxies or {})}
        verify = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, verify, cert)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request; see the class for what holds."""
        self._guard.check(str(request.url))
        kwargs.setdefault("verify", self.verify)
        url = urlsplit(str(request.url))
        loopback = is_loopback(url.hostname or "")
        if kwargs["verify"] is False and not loopback:
            kwargs["verify"] = True
        if url.scheme == "http":  # which the guard lets pass to this machine only
            kwargs["proxies"] = {}
        elif loopback:  # the environment's proxies are meant for what lies outside
            kwargs["proxies"] = {} if kwargs["verify"] is False else dict(self.proxies)
        if not kwargs.get("timeout"):
            kwargs["timeout"] = self.timeout
        return super().send(request, **kwargs)


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An auth that adds nothing; without one, requests would look for a netrc file."""
    return request


class _AskAgainError(Exception):
    """Carries one failed attempt to the retry loop."""

    def __init__(self, outcome: Outcome, error: LivePersonError) -> None:
        super().__init__()
        self.outcome = outcome
        self.error = error


def _failure(state: tenacity.RetryCallState) -> _AskAgainError:
    return cast("_AskAgainError", state.outcome.exception() if state.outcome else None)


class Sender:
    """Sends requests by the table in ``responses.py``.

    :param session: where they leave.
    :param credential: signs, renews and explains.
    :param base_url: service name to base URL.
    :param account_id: stands in for ``{account_id}`` in paths.
    :param source: stands in for ``{source}`` in query parameters.
    :param schedule: how often and how long to wait.
    :param budget: seconds that all requests together may take, or None; for the connection test.
    :param secrets: what no message may hold, beside the credential's.
    """

    def __init__(
        self,
        *,
        session: GuardedSession,
        credential: Credential,
        base_url: Callable[[str], str],
        account_id: str,
        source: str,
        schedule: RetrySchedule,
        budget: float | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self._session = session
        self._credential = credential
        self._base_url = base_url
        self._account_id = account_id
        self._source = source
        self._schedule = schedule
        self._own_secrets = tuple(secrets)
        self._deadline = None if budget is None else time.monotonic() + budget
        self._watch = Watch()
        self.stop = Stop()
        self.clock_offset: float | None = None

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (*self._credential.secrets, *self._own_secrets)

    def close(self) -> None:
        """Let the watch over what was under way end; :attr:`stop` ends the requests themselves."""
        self._watch.close()

    def send(
        self,
        request: ApiRequest,
        parse: Callable[[Answer], T],
        *,
        notice: Callable[[Action], None] | None = None,
        answer: Answer | None = None,
        stop: Stop | None = None,
    ) -> T:
        """Ask until there is a good answer or no more sense in asking.

        :param request: what to ask.
        :param parse: makes the result of an answer; an InvalidResponseError from it counts as unreadable.
        :param notice: is told of every attempt that failed and is to be repeated, before the wait.
        :param answer: what the request was answered already: it is parsed in place of the first one sent.
        :param stop: ends the request, and the wait for its repetition; default: that of the client.
        :raises LivePersonError: the error that the table names, after the repeats that it orders.
        """
        stop = stop or self.stop
        request = replace(
            request,
            path=request.path.replace("{account_id}", self._account_id),
            params={
                name: self._source if value == SOURCE else value for name, value in request.params.items()
            },
        )
        url = self._base_url(request.service) + request.path
        failures: Counter[Action] = Counter()
        allowed = {
            Action.RETRY: len(self._schedule.waits),
            Action.WAIT: self._schedule.rate_limit_repeats,
        }

        def attempt() -> T:
            nonlocal answer
            held, answer = answer, None
            try:
                return self._parse(request, url, parse, held or self._ask(request, url, stop))
            except _AskAgainError as failed:
                if stop.is_set:  # nothing is asked again
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
                    repeat, shortest=request.shortest_wait, asked=failed.error.retry_after
                )
            return self._schedule.server_wait(repeat, asked=failed.error.retry_after)

        def sleep(seconds: float) -> None:
            log.debug("%s failed; asking again in %.1f s", request, seconds)
            retries.pause(seconds, stop)

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AskAgainError),
            wait=wait,
            stop=give_up,
            sleep=sleep,
            reraise=True,
        )
        try:
            result: T = attempts(attempt)
        except _AskAgainError as failed:
            raise failed.error from failed.__cause__
        return result

    def _ask(self, request: ApiRequest, url: str, stop: Stop) -> Answer:
        """Send it once, or twice where the credential can be renewed, and take the answer.

        Whatever the wire does to the libraries below, an error of this package comes out.
        """
        for may_renew in (True, False):
            if request.when_closed != "begin":
                self._may_begin(request, url, stop)
            # What the credential raises while it signs is whole already: it comes from a request of its own, which was
            # repeated by the table. Only what becomes of this answer is judged here.
            prepared = self._prepared(request, url)
            with self._under_way(request, stop) as exchange:
                try:
                    response = self._exchange(request, prepared)
                    renews = may_renew and response.status_code == 401 and request.signed
                    if renews and self._credential.renew(response.request):
                        response.close()
                        continue
                    return self._taken(request, url, response, exchange)
                except (LivePersonError, _AskAgainError, MemoryError):
                    raise
                except Exception as error:
                    raise self._broken(request, url, error, exchange) from error
        raise AssertionError("the second round always ends")  # pragma: no cover

    def _may_begin(self, request: ApiRequest, url: str, stop: Stop) -> None:
        if stop.is_set:
            raise _stopped(request)
        if self._deadline is not None and time.monotonic() >= self._deadline + _GRACE:
            raise ServiceUnavailableError(
                f"{request} at {_host(url)} was not asked: the time that is given to this check is over. Check the"
                " network and any proxy.",
                field="host",
            )

    def _prepared(self, request: ApiRequest, url: str) -> requests.PreparedRequest:
        """Make and sign one attempt."""
        made = requests.Request(
            request.method,
            url,
            params=request.params or None,
            json=request.json,
            data=request.form,
            headers={"Accept": "application/json", **request.headers},
            auth=None if request.signed else _unsigned,
        )
        try:
            return self._session.prepare_request(made)
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise self._breakdown(request, url, error) from error

    @contextmanager
    def _under_way(self, request: ApiRequest, stop: Stop) -> Iterator[Exchange]:
        longest = self._session.timeout[1] * (MAX_FILE_TIMEOUTS if request.to_disk else MAX_REQUEST_TIMEOUTS)
        now = time.monotonic()
        ends_at = now + longest
        if self._deadline is not None:
            least = now + _FOR_ITS_END if request.when_closed == "begin" else 0.0
            ends_at = min(ends_at, max(self._deadline + _GRACE, least))
        exchange = Exchange(ends_at)
        stopping = stop.ending(exchange) if request.when_closed == "end" else nullcontext()
        with stopping, self._watch.over(exchange):
            yield exchange

    def _taken(
        self, request: ApiRequest, url: str, response: requests.Response, exchange: Exchange
    ) -> Answer:
        outcome = _outcome(request, response.status_code)
        if outcome.action is not Action.ACCEPT:
            with response:
                refusal = self._refusal(request, url, response, outcome)
            again = outcome.action in _AGAIN and request.repeatable
            raise _AskAgainError(outcome, refusal) if again else refusal
        answer = _read(request, url, response)
        if exchange.is_cut:  # an end that was made here is not the end of the answer
            if answer.file is not None:
                answer.file.close()
            raise requests.exceptions.ConnectionError("ended from here")
        return answer

    def _broken(self, request: ApiRequest, url: str, error: Exception, exchange: Exchange) -> Exception:
        """What an exchange ended in that gave no answer."""
        if exchange.is_stopped:
            return _stopped(request)
        if exchange.is_overdue:
            failure = ServiceUnavailableError(
                f"{request} at {_host(url)} did not end in time, though something came now and then: it may take"
                f" {MAX_FILE_TIMEOUTS if request.to_disk else MAX_REQUEST_TIMEOUTS:.0f} times the connection's timeout"
                + (", and no more than the time that is given to this check" if self._deadline else "")
                + ". Check the network and any proxy, or raise the timeout.",
                field="timeout",
            )
            return _AskAgainError(LATE, failure) if request.repeatable else failure
        return self._breakdown(request, url, error)

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
            raise self._breakdown(request, url, unreadable) from error
        except LivePersonError as error:
            if answer.file is not None:
                answer.file.close()
            error.args = (hide(str(error), self._secrets),)
            if not isinstance(error, InvalidResponseError):
                error.args = (f"{request} at {_host(url)}: {error}",)
                raise
            raise self._breakdown(request, url, error) from error

    def _exchange(self, request: ApiRequest, prepared: requests.PreparedRequest) -> requests.Response:
        timeout = None
        if self._deadline is not None:
            left = max(0.1, min(self._deadline - time.monotonic(), self._session.timeout[1]))
            timeout = (left / 3, left * 2 / 3)  # connecting and waiting follow each other
        how = self._session.merge_environment_settings(prepared.url, {}, True, None, None)
        started = time.monotonic()
        response = self._session.send(prepared, timeout=timeout, **how)
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
            field, why = self._credential.explain(response.status_code, body)
            offset = clock_offset(response.headers, datetime.now(UTC))
            blames_nothing = field is None and self._credential.signs_the_time
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
        # The body of a 2xx is no reason: it may be records of customers.
        told = f" {body!r}" if body and not 200 <= response.status_code < 300 else ""
        happened = f"{request} at {_host(url)} answered {response.status_code}{told}"
        return outcome.error(
            f"{_sentence(why)} {happened}." if why else f"{happened}. {outcome.mend}",
            field=field or outcome.field,
            status=response.status_code,
            retry_after=retry_after(response.headers) if outcome.action in _AGAIN else None,
        )

    def _breakdown(self, request: ApiRequest, url: str, error: Exception) -> Exception:
        # What nobody foresaw comes from an answer that the libraries cannot read.
        outcome = outcome_of_exception(error) or UNREADABLE
        if isinstance(error, InvalidResponseError):
            failure: LivePersonError = InvalidResponseError(
                f"{request} at {_host(url)}: {error}", field=error.field, status=error.status
            )
        else:
            reason = scrub(cause_of(error), self._secrets)
            failure = outcome.error(
                f"{request} at {_host(url)} failed. {outcome.mend} ({reason})",
                field=outcome.field or "host",
                permanent=True if outcome.action is Action.FAIL else None,
            )
        again = outcome.action in _AGAIN and (request.repeatable or never_left(error))
        return _AskAgainError(outcome, failure) if again else failure


def _outcome(request: ApiRequest, status: int) -> Outcome:
    asked_for = {name.lower() for name in request.headers}
    # LivePerson's collections answer 304 to If-Match, too.
    if status == 304 and not asked_for & {"if-none-match", "if-modified-since", "if-match"}:
        return UNREADABLE
    if status == 206 and "range" in asked_for:
        return ACCEPTED
    return outcome_of_status(status)


def _pieces(response: requests.Response, size: int) -> Iterator[bytes]:
    """The body, decompressed, in pieces of at most so many bytes.

    :raises requests.RequestException: as ``response.iter_content`` would.
    """
    raw = response.raw
    decode = "Content-Encoding" in response.headers
    try:
        while chunk := raw.read(size, decode_content=decode):
            yield chunk
        if raw.length_remaining:  # the end came before the announced length
            raise requests.exceptions.ChunkedEncodingError("the body ends before its end")
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ConnectionError(error) from error
    except urllib3.exceptions.SSLError as error:
        raise requests.exceptions.SSLError(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


def _read(request: ApiRequest, url: str, response: requests.Response) -> Answer:
    most = MAX_FILE if request.to_disk else MAX_ANSWER
    with response:
        announced = response.raw.length_remaining or 0
        if announced > most:
            raise _too_large(request, url, most)
        if not request.to_disk:
            body = _body(request, url, response, most)
            return Answer(status=response.status_code, headers=response.headers, body=body)
        file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - its reader closes it
        try:
            for chunk in _pieces(response, _CHUNK):
                if file.tell() + len(chunk) > most:
                    raise _too_large(request, url, most)
                _keep(file, chunk)
            _check_end(response, not file.tell())
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return Answer(status=response.status_code, headers=response.headers, file=file)


def _body(request: ApiRequest, url: str, response: requests.Response, most: int) -> bytes:
    """The whole body, in steps so large that most are taken at once: in those of ``response.content``, it takes twice
    as long."""
    taken: list[bytes] = []
    size = 0
    for chunk in _pieces(response, _PIECE):
        size += len(chunk)
        if size > most:
            raise _too_large(request, url, most)
        taken.append(chunk)
    _check_end(response, not taken)
    return taken[0] if len(taken) == 1 else b"".join(taken)


def _check_end(response: requests.Response, is_empty: bool) -> None:
    """Refuse what was decompressed of a stream that lacks its end. Without a body there is no stream."""
    if not is_empty and not has_ended(response.raw):
        raise requests.exceptions.ContentDecodingError("the compressed body ends before its end")


def _keep(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:  # which would look like one of the network
        raise LivePersonError(
            f"the temporary folder {tempfile.gettempdir()} takes no more of an answer ({error.strerror}); make room"
            " there, or name another in TMPDIR"
        ) from error


def _too_large(request: ApiRequest, url: str, most: int) -> InvalidResponseError:
    return InvalidResponseError(
        f"{request} at {_host(url)}: the answer has more than {most // 1024**2} MiB, or no end; no more"
        " is taken of one. Check that the host is LivePerson's; if it is, show this to LivePerson.",
        field="host",
    )


def _stopped(request: ApiRequest) -> LivePersonError:
    return LivePersonError(
        f"{request} was not asked to its end: the client has been closed, or what it was asked for has failed"
    )


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
