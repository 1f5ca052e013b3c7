"""Follow `ingest` until the engine has accepted or refused each of some requests."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.core.events import (
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderChangePending,
    OrderChangeRejected,
    OrderRejected,
    OrderStatusReported,
)
from engine.core.partition import partition_of
from engine.gateways.orders.tickets import TicketEvent
from engine.log.codec import decode
from engine.log.port import Log, Record

READ_RECORDS = 5_000
POLL_S = 0.1  # Longest wait between two reads.
REFUSALS = (OrderRejected, OrderChangeRejected)
UNDECIDED = "UNDECIDED"


class Outcome(NamedTuple):
    """The engine's answer to one request."""

    source: str
    cl_ord_id: str
    status: str  # Name of the event that answered, UNDECIDED, or SENT.
    order_id: str
    reason: str  # Why it was refused; empty otherwise.


class Outcomes:
    """Answers to `requests`. Make it before they are appended: older answers are skipped."""

    def __init__(self, log: Log, requests: Iterable[TicketEvent]) -> None:
        self._log = log
        self._found: dict[tuple[str, str], Outcome] = {}
        self._waiting: dict[str, tuple[str, str]] = {}  # Answers to changes name no source.
        partitions = set()
        for event in requests:
            key = (event.source, event.cl_ord_id)
            self._found[key] = Outcome(*key, UNDECIDED, "", "")
            self._waiting[event.cl_ord_id] = key
            partitions.add(partition_of(event.instrument_id.encode(), log.partitions))
        self._readers = [log.reader("ingest", number) for number in sorted(partitions)]
        for reader in self._readers:
            while not reader.at_end():
                reader.read(READ_RECORDS)

    @property
    def undecided(self) -> int:
        return sum(x.status == UNDECIDED for x in self._found.values())

    def of(self, event: TicketEvent) -> Outcome:
        return self._found[event.source, event.cl_ord_id]

    def refused(self) -> list[Outcome]:
        return [x for x in self._found.values() if x.reason]

    def counts(self) -> dict[str, int]:
        """Number of answers of each status."""
        return dict(Counter(x.status for x in self._found.values()))

    def follow(self, wait_s: float, progress: Callable[[int], None] | None = None) -> bool:
        """Read answers until all are there, True, or the time is over, False."""
        end_s = time.monotonic() + wait_s
        while self.undecided:
            for reader in self._readers:
                for record in reader.read(READ_RECORDS):
                    self._take(record)
            if progress:
                progress(len(self._found) - self.undecided)
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return not self.undecided
            if self.undecided:
                self._log.wait(min(POLL_S, left_s))
        return True

    def _take(self, record: Record) -> None:
        event = decode("ingest", record.value)
        if isinstance(event, OrderAccepted):
            key: tuple[str, str] | None = (event.source, event.cl_ord_id)
            order_id, reason = f"{record_shard(record, event.seq, self._log)}", ""
        elif isinstance(event, OrderStatusReported):
            key = (event.source, event.cl_ord_id)
            order_id, reason = event.order_id, ""
        elif isinstance(event, REFUSALS):
            key = (event.source, event.cl_ord_id)
            order_id, reason = "", f"{event.reason}: {event.text}"
        elif isinstance(event, OrderAmended | OrderCancelled | OrderChangePending):
            key = self._waiting.get(event.cl_ord_id)
            order_id, reason = event.order_id, ""
        else:
            return
        if key in self._found:
            self._found[key] = Outcome(*key, type(event).__name__, order_id, reason)


def record_shard(record: Record, seq: int, log: Log) -> str:
    """The id of the object that a stage event created: its shard and seq."""
    assert record.key is not None, "a stage record about an order has its instrument as key"
    return f"{partition_of(record.key, log.partitions)}-{seq}"
