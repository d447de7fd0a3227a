"""Airflow's own API server in this process, with its database and users, for tests of the pages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cryptography.fernet import Fernet
from starlette.testclient import TestClient

SITE = "http://airflow.test"


@contextmanager
def api_server(users: Mapping[str, str], **environment: str) -> Iterator[Any]:
    """The application, without the API for tasks.

    :param users: names to roles of the simple auth manager.
    :param environment: further environment variables.
    """
    before = dict(os.environ)
    os.environ |= {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{name}:{role}" for name, role in users.items()
        ),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "_AIRFLOW_PROCESS_CONTEXT": "server",  # as `airflow api-server` says it of itself
        **environment,
    }
    from airflow.api_fastapi.app import create_app, purge_cached_app
    from airflow.models import crypto
    from airflow.utils.db import initdb

    # A test before these may have had Airflow keep the key of its own time, which was none.
    if hasattr(crypto.get_fernet, "cache_clear"):
        crypto.get_fernet.cache_clear()
    else:  # Airflow 3.1
        crypto._fernet = None
    initdb()
    yield create_app(apps="core")
    purge_cached_app()
    os.environ.clear()
    os.environ.update(before)


def client(app: Any, user: str | None, role: str = "", teams: list[str] | None = None) -> TestClient:
    """A browser in which somebody has signed in.

    :param app: the application.
    :param user: the user's name; None for nobody.
    :param role: the user's role.
    :param teams: the user's teams.
    """
    made = TestClient(app, base_url=SITE, follow_redirects=False)
    if user:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        about = {"teams": teams} if teams else {}
        person = SimpleAuthManagerUser(username=user, role=role, **about)
        made.cookies.set("_token", get_auth_manager().generate_jwt(person))
    return made
