"""The names of the Variables in which consents are kept."""

from __future__ import annotations

import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.hooks.consents import grant_key, lease_key, variable_key

KINDS = ("liveperson_token", "liveperson_lease", "liveperson_pending_token", "liveperson_check")
IDS = st.text(st.sampled_from("aAzZ019_.-~/:é ") | st.characters(), min_size=0, max_size=250)


@given(st.sampled_from(KINDS), IDS, st.sampled_from(KINDS), IDS)
@example(KINDS[0], "pending_web", KINDS[2], "web")
@example(KINDS[0], "Web", KINDS[0], "web")
@example(KINDS[0], "web/prod", KINDS[0], "web-prod")
@example(KINDS[0], "\ud83d", KINDS[0], "?")
def test_no_two_things_share_a_variable_even_where_capitals_do_not_count(kind, conn_id, other_kind, other_id):
    assume((kind, conn_id) != (other_kind, other_id))
    assert variable_key(kind, conn_id).lower() != variable_key(other_kind, other_id).lower()


@given(st.sampled_from(KINDS), IDS)
def test_a_key_fits_airflows_column_and_a_path(kind, conn_id):
    assert re.fullmatch(r"[a-z_]+\.[a-z0-9_.~-]{1,150}", variable_key(kind, conn_id))


def test_an_id_cannot_look_like_the_hash_of_another():
    taken = grant_key("Web").partition(".")[2]
    assert grant_key(taken) != grant_key("Web")


def test_the_names_of_plain_ids_can_be_read():
    assert grant_key("web_prod-1.eu") == "liveperson_token.web_prod-1.eu"
    assert lease_key("web") == "liveperson_lease.web"
    assert grant_key("Web").startswith("liveperson_token.web~")
