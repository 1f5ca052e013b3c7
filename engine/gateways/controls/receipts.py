"""The answers to a control: of every shard and every gateway that lives, or its name if silent.

A shard answers each control with ControlApplied, ControlIgnored or InputRejected, and the cause of
each is the control's position. A gateway answers with a status of its own session that names the
position up to which it has applied them (`engine.gateways.venues.session_status`). A gateway is
expected to answer if it has answered since the last day was opened and has not said since that it
went down; one that was lost without that word is named as silent, as its children may be at their
venues. Its position also rises over a control that it passes by as a stranger's, as the shards do
by the same rule; for such a control the shards' answers count.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.core.controls.rejected_input import OF_STRANGERS
from engine.core.events import (
    ControlApplied,
    ControlIgnored,
    IgnoreReason,
    InputRejected,
    SessionStatusObserved,
)
from engine.gateways.controls.known import Known, known
from engine.gateways.controls.tail import Tail
from engine.gateways.venues.reading import REPORTS, read_event
from engine.log import codec
from engine.log.headers import sender_of
from engine.log.port import Log, NewRecord, Record

POLL_S = 0.05
SEARCHED_RECORDS = 100_000  # Reports that are searched for the gateways of the day.
PIECE_RECORDS = 2_000
APPLIED, REFUSED, SILENT = "applied", "refused", "silent"


class Receipt(NamedTuple):
    """The answer of a shard or gateway to some controls."""

    who: str  # `shard 3` or `gateway PAPER`.
    status: str  # APPLIED, REFUSED or SILENT.
    reason: str  # Why it was refused; which controls are not answered.


class Receipts:
    """Answers to controls that are about to be written. Make it before they are appended."""

    def __init__(self, log: Log) -> None:
        self._log = log
        shards = range(log.partitions)
        self._ingest = [Tail(log, "ingest", number) for number in shards]
        self._reports = Tail(log, REPORTS, 0)  # A gateway answers on every partition.
        self._venues: set[str] = set()  # That reference data defines.
        self._answers: list[dict[int, str]] = [{} for _ in shards]  # Position to reason, "" if ok.
        self._positions: list[int] = []
        self._strange: set[int] = set()  # Positions that shards refused for their signature.
        self._gateways: dict[str, int] = {}  # Name to the position that it has applied.

    def expect(self, records: Sequence[NewRecord]) -> Known:
        """Find the positions of these controls, and the gateways that have to answer.

        Raises LogUnavailableError.
        """
        found = known(self._log)
        self._venues = found.ids["venue"]
        self._positions = [found.positions[sender_of(record.headers)] for record in records]
        for status in self._statuses(found.opened_position):
            self._note(status)
        return found

    @property
    def gateways(self) -> Mapping[str, int]:
        """The gateways that have to answer, and the position up to which each has applied."""
        return self._gateways

    def follow(self, wait_s: float) -> list[Receipt]:
        """Every answer, once all are there or the time is over. Raises LogUnavailableError."""
        end_s = time.monotonic() + wait_s
        while True:
            self._take()
            found = self._receipts()
            left_s = end_s - time.monotonic()
            if left_s <= 0 or all(receipt.status != SILENT for receipt in found):
                return found
            self._log.wait(min(POLL_S, left_s))

    def _take(self) -> None:
        for tail, answers in zip(self._ingest, self._answers, strict=True):
            for record in tail.fresh():
                event = read_event("ingest", record)
                if isinstance(event, InputRejected):
                    refusal = f"{event.reason}: {event.text}"
                elif isinstance(event, ControlIgnored):
                    refusal = ignored(event)
                elif isinstance(event, ControlApplied):
                    refusal = ""
                else:
                    continue
                topic, _, position = event.cause.partition(":")
                if topic == "controls":
                    answers[int(position)] = refusal
                    if isinstance(event, InputRejected) and event.reason in OF_STRANGERS:
                        self._strange.add(int(position))
        for status in self._of_gateways(self._reports.fresh()):
            self._note(status)

    def _note(self, status: SessionStatusObserved) -> None:
        if status.up:
            before = self._gateways.get(status.venue, -1)
            self._gateways[status.venue] = max(before, status.controls_position)
        else:
            self._gateways.pop(status.venue, None)

    def _receipts(self) -> list[Receipt]:
        shards = [self._of_shard(n, answers) for n, answers in enumerate(self._answers)]
        return shards + [self._of_gateway(*held) for held in sorted(self._gateways.items())]

    def _of_gateway(self, name: str, position: int) -> Receipt:
        who, last = f"gateway {name}", max(self._positions, default=-1)
        if position < last:
            return Receipt(who, SILENT, f"has applied controls up to {position} of {last}")
        passed_by = [x for x in self._positions if x in self._strange]
        if passed_by:
            places = ", ".join(map(str, passed_by[:5]))
            return Receipt(
                who, REFUSED, f"passed by controls at {places}: signed by no key in force"
            )
        return Receipt(who, APPLIED, "")

    def _of_shard(self, number: int, answers: dict[int, str]) -> Receipt:
        who = f"shard {number}"
        refusals = [answers[x] for x in self._positions if answers.get(x)]
        missing = [x for x in self._positions if x not in answers]
        if missing:
            places = ", ".join(map(str, missing[:5]))
            return Receipt(who, SILENT, f"no answer to controls at {places}; does a worker run?")
        if refusals:
            return Receipt(who, REFUSED, "; ".join(refusals))
        return Receipt(who, APPLIED, "")

    def _statuses(self, since_position: int) -> Iterator[SessionStatusObserved]:
        """The statuses that gateways gave of themselves since the day was opened, in order."""
        found: list[Record] = []
        before: int | None = None
        searched = 0
        while searched < SEARCHED_RECORDS:
            piece = self._log.records_before(REPORTS, 0, before, PIECE_RECORDS)
            if not piece:
                break
            found[:0] = [x for x in piece if codec.is_a(SessionStatusObserved, x.value)]
            before = piece[0].offset
            searched += len(piece)
        statuses = self._of_gateways(found)
        return (x for x in statuses if x.controls_position >= since_position)

    def _of_gateways(self, records: Sequence[Record]) -> Iterator[SessionStatusObserved]:
        """The statuses by which gateways speak of themselves.

        A venue's session knows nothing of our controls, and before the first control neither does
        a gateway; but a gateway's name is no venue of the reference data.
        """
        for record in records:
            event = read_event(REPORTS, record)
            if isinstance(event, SessionStatusObserved) and (
                event.controls_position >= 0 or event.venue not in self._venues
            ):
                yield event


REFUSALS = {
    IgnoreReason.PARENT_UNKNOWN: (
        "no parent of this day has the id; `metaorder blotter parents` lists them"
    ),
    IgnoreReason.PARENT_ENDED: (
        "the parent has ended; `metaorder audit` with its id tells what became of its orders"
    ),
    IgnoreReason.VENUE_UNKNOWN: "no reference data defines the venue; load it first",
}


def ignored(event: ControlIgnored) -> str:
    """Why a shard ignored a control, and the way out."""
    if event.reason is IgnoreReason.RESENT:
        return (
            f"{event.reason}: {event.source} sent number {event.number} after {event.last_number}; "
            "set it again, by a clock that is not behind"
        )
    if event.reason is IgnoreReason.OTHER_LIMIT:
        return (
            f"{event.reason}: the day's limit is divided by the allotter; lower the limit instead, "
            "or take max_day_notional away from it to set allotments by hand"
        )
    if event.reason in REFUSALS:
        return f"{event.reason}: {REFUSALS[event.reason]}"
    return f"{event.reason}: day {event.day}, and the last one is {event.last_day}"
