"""How a task fails: at once if trying again cannot help, and with a plain sentence as the last line of its log."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_liveperson.exceptions import LivePersonError

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def fail(error: LivePersonError) -> NoReturn:
    """Raise an error as Airflow should treat it.

    A permanent error is raised as Airflow's ``AirflowFailException``, which prevents further tries, with the package's
    error as its cause. Any other error is raised unchanged. Both are raised without the frames and causes below them:
    these are a screen of library code that adds nothing to the message. At level DEBUG the frames are logged.

    :param error: the error.
    :raises AirflowFailException: for a permanent error.
    :raises LivePersonError: for any other error.
    """
    from airflow_provider_liveperson.client.responses import is_permanent
    from airflow_provider_liveperson.version_compat import AirflowFailException

    log.debug("Raised at:\n%s", "".join(traceback.format_tb(error.__traceback__)))
    error.__cause__ = error.__context__ = error.__traceback__ = None
    if is_permanent(error):
        raise AirflowFailException(str(error)) from error
    raise error from None


def say_why(context: Context) -> None:
    """Log in one line why a task has failed; Airflow calls this after it has logged its traceback.

    :param context: the task's context, with the exception.
    """
    error: object = context.get("exception")
    if isinstance(error, BaseException) and isinstance(error.__cause__, LivePersonError):
        error = error.__cause__
    if isinstance(error, LivePersonError):
        message = " ".join(str(error).split())
        if error.field and error.field not in message:
            message = f"{message}{'' if message.endswith('.') else '.'} Look at: {error.field}."
        log.info("::endgroup::")  # of Airflow's group "Post Execute", which its page shows folded
        log.error("%s: %s", _documented(type(error)).__name__, message)


def _documented(kind: type[LivePersonError]) -> type[LivePersonError]:
    """The class that users know an error by: itself, or the one that it is derived from."""
    return next(it for it in kind.__mro__ if it.__module__ == LivePersonError.__module__)


def then_say_why(callbacks: Any) -> list[Any]:
    """A task's callbacks with :func:`say_why` after them, so that its line is the last of the log.

    :param callbacks: what the user gave: none, one or several.
    """
    if callbacks is None:
        return [say_why]
    return [*(callbacks if isinstance(callbacks, Sequence) else [callbacks]), say_why]
