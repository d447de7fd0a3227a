"""A private certificate authority, and TLS in front of a plain server: a small company network."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in files.

    :param certificate: PEM.
    :param key: PEM, unencrypted.
    :param both: PEM of the certificate, followed by the key.
    :param encrypted: PEM of the key, encrypted.
    """

    certificate: Path
    key: Path
    both: Path
    encrypted: Path


class Authority:
    """Issues certificates into a folder.

    :param folder: the folder for the files.
    :param name: the authority's name.
    """

    def __init__(self, folder: Path, name: str = "Acme Test Authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file = folder / f"{name.replace(' ', '-').lower()}.pem"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str = HOST) -> Issued:
        """Issue a server's certificate.

        :param host: its address.
        """
        return self._issue(host, ExtendedKeyUsageOID.SERVER_AUTH, x509.IPAddress(ipaddress.ip_address(host)))

    def client(self, name: str) -> Issued:
        """Issue a client's certificate.

        :param name: its common name.
        """
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, x509.DNSName(f"{name}.acme.test"))

    def _issue(self, name: str, use: x509.ObjectIdentifier, alternative: x509.GeneralName) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        plain, locked = (
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
            for how in (serialization.NoEncryption(), serialization.BestAvailableEncryption(b"locked"))
        )
        made = Issued(*(self._folder / f"{name}.{part}.pem" for part in ("cert", "key", "both", "locked")))
        for file, content in (
            (made.certificate, pem),
            (made.key, plain),
            (made.both, pem + plain),
            (made.encrypted, locked),
        ):
            file.write_bytes(content)
        return made

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            # A test may move Python's clock, but not that of OpenSSL.
            .not_valid_before(now - timedelta(days=3650))
            .not_valid_after(now + timedelta(days=3650))
        )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


class TlsFront:
    """Terminates TLS on its own port in front of a plain server. Use it as a context manager.

    :param port: the plain server's port on this machine.
    :param issued: the server certificate.
    :param clients: the authority whose certificates clients must present, or None.
    """

    def __init__(self, port: int, issued: Issued, *, clients: Authority | None = None) -> None:
        self._target = (HOST, port)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(issued.certificate, issued.key)
        if clients is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(clients.file)
        self._listener = socket.create_server((HOST, 0))
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.clients: list[str | None] = []
        """The common names of the clients' certificates, in order; None for a client without one."""

    @property
    def url(self) -> str:
        """Its address and port."""
        return f"https://{HOST}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(plain, server_side=True) as secure:
            shown = secure.getpeercert() or {}
            names = {key: value for part in shown.get("subject", ()) for key, value in part}
            self.clients.append(names.get("commonName"))
            with socket.create_connection(self._target) as target:
                self._open |= {secure, target}
                back = threading.Thread(target=pump, args=(target, secure), daemon=True)
                back.start()
                pump(secure, target)
                back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes from one socket to another until the source ends.

    :param source: the socket to read from.
    :param sink: the socket to write to.
    """
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
