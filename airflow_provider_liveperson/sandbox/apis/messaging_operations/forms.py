"""How the page of each method shows frames and intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.messaging_operations.switches import MessagingOperationsSwitches
from airflow_provider_liveperson.sandbox.apis.shapes import Frame, Interval, IntervalMetrics
from airflow_provider_liveperson.sandbox.instants import iso_seconds

Sections = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """What the page of a method shows, which switches can overrule.

    :param named_by: which end of an interval its timestamp is.
    :param order: which interval comes first.
    :param wrapper: which intervals have their numbers in an object of their own.
    :param totals: the name of the totals.
    :param versions: its versions: 1 counts back from now, 2 names the frame's ends.
    :param is_widened: whether the frame is widened outward to the grid.
    :param summary: the name of the object with the numbers of the whole frame; empty where they stand beside the
        intervals.
    """

    named_by: Literal["start", "end"] = "start"
    order: Literal["newest", "oldest"] = "newest"
    wrapper: Literal["none", "all", "some"] = "some"
    totals: Literal["metricsTotal", "metricsTotals"] = "metricsTotal"
    versions: tuple[str, ...] = ("1",)
    is_widened: bool = False
    summary: str = "timeframeSummary"

    def name_of_totals(self, switches: MessagingOperationsSwitches) -> str:
        """Return the name of the totals.

        :param switches: the switches as they are now.
        """
        chosen = switches.operations_totals
        return self.totals if chosen == "documented" else chosen

    def shape(self, switches: MessagingOperationsSwitches) -> IntervalMetrics:
        """Return what reads frames and cuts them.

        :param switches: the switches as they are now.
        """
        named_by, order = switches.operations_named_by, switches.operations_order
        return IntervalMetrics(
            stamp=self.named_by if named_by == "documented" else named_by,
            rounded=switches.operations_rounded,
            one_more=switches.operations_one_more,
            widened=self.is_widened,
            newest_first=(self.order if order == "documented" else order) == "newest",
        )

    def rendered(
        self,
        switches: MessagingOperationsSwitches,
        frame: Frame,
        sections: Callable[[Interval], Sections],
    ) -> Sections:
        """Return the numbers of a frame as they are answered.

        :param switches: the switches as they are now.
        :param frame: the frame, with or without an interval's length.
        :param sections: makes the numbers of an interval.
        """
        shape = self.shape(switches)
        whole = sections(shape.whole(frame))
        if frame.interval_ms is None:
            return whole
        chosen = switches.operations_wrapper
        wrapper = self.wrapper if chosen == "documented" else chosen
        intervals = []
        for number, interval in enumerate(shape.rendered(frame, sections)):
            moment = interval.pop("timestamp")
            as_text = switches.operations_timestamp == "text"
            wrapped = wrapper == "all" or (wrapper == "some" and number % 2 == 0)
            intervals.append(
                {
                    "timestamp": iso_seconds(moment)[:-1] if as_text else moment,
                    **({"metricsData": interval} if wrapped else interval),
                }
            )
        return {"metricsByIntervals": intervals, **({self.summary: whole} if self.summary else whole)}


CONVERSATIONS = Form("end", wrapper="all", totals="metricsTotals", is_widened=True, summary="")
QUEUE_HEALTH = Form(versions=("1", "2"))
SKILL_SEGMENTS = Form(wrapper="none", versions=("1", "2"))
AGENT_SEGMENTS = Form(order="oldest", wrapper="all")
