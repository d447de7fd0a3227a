"""How an operator fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.version_compat import AirflowFailException


@contextmanager
def fails_at_once(
    error: type[LivePersonError], match: str = ""
) -> Iterator[pytest.ExceptionInfo[AirflowFailException]]:
    """Expect a failure on which Airflow spends no further try.

    :param error: of this package, the failure's cause.
    :param match: what both say.
    """
    with pytest.raises(AirflowFailException, match=match) as raised:
        yield raised
    assert type(raised.value.__cause__) is error
    assert str(raised.value.__cause__) == str(raised.value)
