"""The kinds of credentials, as connections, datasets and the sandbox name them."""

from __future__ import annotations

import copy
import pickle
from typing import get_args

import pytest

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.sandbox.switches import CredentialName

every_kind = pytest.mark.parametrize("kind", list(CredentialKind))


def test_every_connection_type_has_a_kind_and_every_kind_a_connection_type():
    assert {kind.conn_type for kind in CredentialKind} == set(FORMS)


@every_kind
def test_a_kind_is_found_by_its_value(kind):
    assert CredentialKind(kind.value) is kind


@every_kind
def test_a_kind_reads_as_its_title(kind):
    assert f"{kind}" == str(kind) == kind.title


@every_kind
def test_a_copy_of_a_kind_is_the_kind(kind):
    assert copy.deepcopy(kind) is kind
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_the_values_are_those_of_the_sandboxs_switches():
    assert tuple(kind.value for kind in CredentialKind) == get_args(CredentialName)
