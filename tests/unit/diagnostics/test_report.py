"""The values of a report."""

from __future__ import annotations

import msgspec

from airflow_provider_liveperson.diagnostics.report import (
    CheckReport,
    Clock,
    Comparison,
    ConnectionReport,
    DatasetAccess,
    DatasetComparison,
    RecordSample,
    Services,
    TokenFacts,
    without_secrets,
)


def report(name: str = "lp", *, ok: bool = True) -> ConnectionReport:
    access = DatasetAccess(
        dataset="users",
        status="refused",
        service="accountConfigReadOnly",
        has_service=True,
        permission="p",
        scope="s",
        sentence="It said hush-hush.",
        detail="hush-hush",
    )
    return ConnectionReport(
        connection=name,
        account_id="70000001",
        credential="API key",
        ok=ok,
        services=Services(works=True, hosts={"a": "hush-hush.example"}, missing=[], sentence=""),
        clock=Clock(offset_seconds=0.0, sentence=""),
        token=TokenFacts(works=True, lifetime_seconds=None, claims={"aud": "hush-hush"}, sentence=""),
        datasets=[access],
        sentence="",
    )


def comparison(*, ok: bool) -> Comparison:
    differing = RecordSample(count=1, examples=["hush-hush"])
    one = DatasetComparison(dataset="users", outcome="differ", differing=differing, sentence="")
    return Comparison(
        connections=("a", "b"), account_id="70000001", ok=ok, max_records=7, datasets=[one], sentence=""
    )


def test_secrets_are_removed_wherever_they_are():
    assert "hush-hush" not in repr(without_secrets(report(), ["hush-hush"]))
    assert "hush-hush" not in repr(without_secrets(comparison(ok=True), ["hush-hush"]))


def test_a_secret_that_is_spelled_like_a_status_does_no_harm():
    assert without_secrets(report(), ["refused"]).datasets[0].status == "refused"


def test_a_comparison_decides_whether_a_check_of_two_is_ok():
    assert CheckReport(connection=report(ok=False)).ok is False
    both = CheckReport(connection=report(ok=False), against=report("other"), comparison=comparison(ok=True))
    assert both.ok is True
    assert [it.connection for it in both.connections] == ["lp", "other"]


def test_it_is_json_and_back():
    both = CheckReport(connection=report(), against=report("other"), comparison=comparison(ok=False))
    assert msgspec.json.decode(msgspec.json.encode(both), type=CheckReport) == both
    printed = both.to_dict()
    assert list(printed) == ["ok", "connection", "against", "comparison"]
    assert printed["comparison"]["most"] == 7
