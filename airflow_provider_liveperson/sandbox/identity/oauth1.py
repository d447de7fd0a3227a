"""OAuth 1.0 (RFC 5849) as LivePerson's API keys use it: HMAC-SHA1, parameters in the header."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from oauthlib.oauth1.rfc5849 import signature  # type: ignore[import-untyped, unused-ignore]

from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.settings import SandboxSettings

_REQUIRED = (
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedRequest:
    """What of a request enters an OAuth 1.0 signature.

    :param method: HTTP method.
    :param url: the full URL without its query string.
    :param query: the raw query string.
    :param authorization: the raw ``Authorization`` header.
    :param form: the raw body, if it is ``application/x-www-form-urlencoded``.
    """

    method: str
    url: str
    query: str
    authorization: str
    form: str = ""

    def parameters(self) -> list[tuple[str, str]]:
        """Collect the parameters that are signed.

        :raises ValueError: if the header, the query string or the form cannot be read.
        """
        collected: list[tuple[str, str]] = signature.collect_parameters(
            uri_query=self.query, body=self.form, headers={"Authorization": self.authorization}
        )
        return collected

    def protocol_parameters(self) -> dict[str, str]:
        """Return the header's parameters by name, the signature included.

        :raises ValueError: if the header cannot be read.
        """
        return dict(
            signature.collect_parameters(
                headers={"Authorization": self.authorization}, exclude_oauth_signature=False, with_realm=True
            )
        )

    def is_signed_with(self, consumer_secret: str, token_secret: str) -> bool:
        """Return whether the signature matches.

        Where a proxy ends TLS before the sandbox, the client has signed https and the sandbox sees http: both will do.

        :param consumer_secret: secret of the app key.
        :param token_secret: secret of the access token.
        :raises ValueError: if the header, the query string or the form cannot be read.
        """
        offered = self.protocol_parameters().get("oauth_signature", "")
        parameters, (_, _, rest) = self.parameters(), self.url.partition("://")
        return any(
            signature.verify_hmac_sha1(
                _ToVerify(self.method, f"{scheme}://{rest}", parameters, offered),
                consumer_secret,
                token_secret,
            )
            for scheme in ("http", "https")
        )


@dataclass(frozen=True, slots=True)
class _ToVerify:
    """The attributes that oauthlib reads while it verifies."""

    http_method: str
    uri: str
    params: list[tuple[str, str]]
    signature: str


class ApiKeyVerifier:
    """Refuses what is not signed with the sandbox's API key, and remembers nonces.

    :param clock: returns the sandbox's time in epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str]] = set()
        self._seen_in_order: deque[tuple[float, tuple[str, str]]] = deque()

    def check(self, request: SignedRequest, body: bytes, settings: SandboxSettings) -> None:
        """Verify a request.

        :param request: what was signed.
        :param body: the raw body, for ``oauth_body_hash``.
        :param settings: key, secrets and switches.
        :raises Refusal: 401 with the problem's name from the OAuth problem reporting extension.
        """
        if settings.oauth1_refuse_all:
            raise refused("token_rejected", "OAuth 1.0 API keys have reached their end of life")
        try:
            given = request.protocol_parameters()
            signed_well = request.is_signed_with(settings.app_secret, settings.access_token_secret)
        except ValueError:
            raise refused("parameter_rejected", "The OAuth parameters cannot be read") from None
        missing = [name for name in _REQUIRED if not given.get(name)]
        if missing:
            raise refused("parameter_absent", f"Missing: {' '.join(missing)}")
        if given["oauth_signature_method"] != "HMAC-SHA1":
            raise refused("signature_method_rejected", "Only HMAC-SHA1 is accepted")
        if given.get("oauth_version", "1.0") != "1.0":
            raise refused("version_rejected", "Only version 1.0 is accepted")
        if given["oauth_consumer_key"] != settings.app_key:
            raise refused("consumer_key_unknown", "The app key is unknown")
        if given["oauth_token"] != settings.access_token:
            raise refused("token_rejected", "The access token is unknown")
        if not signed_well:
            raise refused("signature_invalid", "The signature does not match the request")
        if settings.oauth1_body_hash_checked and given.get("oauth_body_hash", "") not in (
            "",
            _body_hash(body),
        ):
            raise refused("signature_invalid", "The body hash does not match the body")
        self._check_freshness(given["oauth_timestamp"], given["oauth_nonce"], settings)

    def _check_freshness(self, timestamp: str, nonce: str, settings: SandboxSettings) -> None:
        now, skew = self._clock(), settings.oauth1_skew_seconds
        if not (timestamp.isascii() and timestamp.isdigit()) or abs(now - int(timestamp)) > skew:
            raise refused(
                "timestamp_refused", f"The timestamp is more than {skew} seconds from the server's clock"
            )
        if not settings.oauth1_nonce_memory:
            return
        with self._lock:
            while self._seen_in_order and self._seen_in_order[0][0] < now - 2 * skew:
                self._seen.discard(self._seen_in_order.popleft()[1])
            if (timestamp, nonce) in self._seen:
                raise refused("nonce_used", "The nonce was used before")
            self._seen.add((timestamp, nonce))
            self._seen_in_order.append((now, (timestamp, nonce)))


def refused(problem: str, advice: str) -> Refusal:
    """Make a refusal in the only shape that LivePerson documents for OAuth 1.0.

    :param problem: the problem's name.
    :param advice: a sentence for the reader; it holds no secret.
    """
    reason = f"oauth_problem={problem}&oauth_problem_advice={quote(advice)}"
    return Refusal(
        401, {"reason": reason, "message": f"Request unauthorized: {advice}. The attempt was logged."}
    )


def _body_hash(body: bytes) -> str:
    return base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()
