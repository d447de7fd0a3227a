"""How LivePerson is reached from inside a company's network: proxies, CA bundles, client certificates.

All settings are checked before the first request, so that a wrong path does not show as a failed handshake.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from airflow_provider_liveperson.client.host_guard import is_loopback
from airflow_provider_liveperson.exceptions import ConfigurationError

PROXIED = ("http", "https", "all")


def check_proxies(proxies: Mapping[str, str]) -> None:
    """Check proxies.

    :param proxies: ``http``, ``https`` or ``all`` to the proxy's URL.
    :raises ConfigurationError: whose message has no values, as a proxy's URL may contain a password.
    """
    for scheme, url in proxies.items():
        if scheme not in PROXIED:
            raise ConfigurationError(
                f"proxies has the key {scheme!r}; it must be one of {', '.join(PROXIED)}: the scheme of the"
                " requested URL, which is https for LivePerson",
                field="proxies",
            )
        if _proxy(url) is None:
            raise ConfigurationError(
                f"proxies has a value for {scheme} that is not a valid proxy URL; write it like http://proxy.example.com:3128"
                " or http://user:password@proxy.example.com:3128, with every special character of the password"
                " percent-encoded",
                field="proxies",
            )


def proxy_secrets(proxies: Mapping[str, str]) -> Iterator[str]:
    """The secrets in proxies' URLs: passwords, as written, as decoded and as sent."""
    for url in proxies.values():
        proxy = _proxy(url)
        if proxy is None or not proxy.password:
            continue
        yield proxy.password
        password = unquote(proxy.password)
        yield password
        sent = f"{unquote(proxy.username or '')}:{password}"
        yield base64.b64encode(sent.encode("latin-1", "replace")).decode()


def check_verify(verify: bool | str, host: str) -> None:
    """Check how certificates are to be verified.

    :param verify: True, the path of a CA bundle, or False where the host is loopback.
    :param host: the connection's host.
    :raises ConfigurationError: for False with any other host, and for a file that is not a CA bundle.
    """
    if verify is False and not _names_loopback(host):
        raise ConfigurationError(
            "verify is false, which is for a host on this machine only; name the file of your company's CA bundle"
            " instead, or leave verify empty",
            field="verify",
        )
    if isinstance(verify, str):
        _readable(verify, field="verify", what="the CA bundle")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=verify)
        except (ssl.SSLError, OSError) as error:
            raise ConfigurationError(
                f"verify names {verify}, which has no readable CA certificate; it must be a PEM file with the"
                f" certificates of the authorities to trust ({type(error).__name__})",
                field="verify",
            ) from error


def cert_files(client_cert: str | None) -> tuple[str, str] | str | None:
    """Read ``client_cert``: one path, or those of the certificate and its key, separated by a comma."""
    if client_cert is None:
        return None
    certificate, _, key = (part.strip() for part in client_cert.partition(","))
    return (certificate, key) if key else certificate


def check_client_cert(client_cert: str | None) -> None:
    """Check that a client certificate can be used.

    :param client_cert: the path of a PEM file with certificate and key, or two paths separated by a comma.
    :raises ConfigurationError: for a file that is missing or has other content.
    """
    files = cert_files(client_cert)
    if files is None:
        return
    paths = (files,) if isinstance(files, str) else files
    for path in paths:
        _readable(path, field="client_cert", what="the client certificate")
    try:
        # For an encrypted key, OpenSSL would prompt at a terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(paths[0], keyfile=paths[-1], password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigurationError(
            f"client_cert names {' and '.join(paths)}, which cannot be used together; it must be a PEM file with the"
            " certificate and its key, or the paths of both separated by a comma, and the key must not"
            f" be encrypted ({type(error).__name__})",
            field="client_cert",
        ) from error


def _readable(path: str, *, field: str, what: str) -> None:
    try:
        with Path(path).open("rb"):
            return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a valid path"
        raise ConfigurationError(
            f"{field} names {path!r}, which cannot be read: {reason}. The file of {what} must be on every machine that"
            " uses the connection, readable for Airflow's user",
            field=field,
        ) from error


def _proxy(url: str) -> SplitResult | None:
    try:
        proxy = urlsplit(url)
        whole = proxy.scheme in ("http", "https") and proxy.hostname and (proxy.port or 1) > 0
    except ValueError:
        return None
    return proxy if whole and proxy.path in ("", "/") and not proxy.query and not proxy.fragment else None


def _names_loopback(host: str) -> bool:
    try:
        return is_loopback(urlsplit(host if "://" in host else "//" + host).hostname or "")
    except ValueError:
        return False
