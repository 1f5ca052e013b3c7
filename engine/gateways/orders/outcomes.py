"""Follow `ingest` until the engine has accepted or refused each of some requests.

Of an answered request only its count stays, and of the refused ones the first `REFUSED_MAX`, so
that a file may have any number of them.
"""

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
    OrderSubmitted,
)
from engine.core.partition import partition_of
from engine.gateways.orders.tickets import TicketEvent
from engine.log.codec import decode
from engine.log.port import Log, Record

READ_RECORDS = 5_000
POLL_S = 0.1  # Longest wait between two reads.
REFUSED_MAX = 1_000  # Refusals that are kept with their reasons.
REFUSALS = (OrderRejected, OrderChangeRejected)
UNDECIDED = "UNDECIDED"


class Outcome(NamedTuple):
    """The engine's answer to one request."""

    source: str
    cl_ord_id: str
    status: str  # Name of the event that answered, UNDECIDED, or SENT.
    order_id: str
    reason: str  # Why it was refused; empty otherwise.


Key = tuple[str, str]  # A request's source and its id there.


class Outcomes:
    """Answers to requests. Make it before they are appended: older answers are skipped."""

    def __init__(self, log: Log, instruments: Iterable[str] | None = None) -> None:
        """For requests about these instruments; None is any."""
        self._log = log
        self._waiting: Counter[Key] = Counter()
        self._changes: dict[str, Key] = {}  # Answers to changes name no source.
        self._noted: set[Key] = set()  # Changes that are pending, which is no last word.
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._refused: list[Outcome] = []
        self.last: Outcome | None = None
        shards: Iterable[int] = range(log.partitions)
        if instruments is not None:
            shards = sorted({partition_of(x.encode(), log.partitions) for x in instruments})
        self._readers = [log.reader("ingest", number) for number in shards]
        for reader in self._readers:
            while not reader.at_end():
                reader.read(READ_RECORDS)

    def expect(self, requests: Iterable[TicketEvent]) -> None:
        """Wait for the answers to these; call it before they are appended."""
        for event in requests:
            key = (event.source, event.cl_ord_id)
            self._waiting[key] += 1
            if not isinstance(event, OrderSubmitted):
                self._changes[event.cl_ord_id] = key

    @property
    def undecided(self) -> int:
        return self._waiting.total()

    @property
    def refused_count(self) -> int:
        return self._reasons.total()

    def refused(self) -> list[Outcome]:
        """The first `REFUSED_MAX` of the refused ones."""
        return self._refused

    def reasons(self) -> dict[str, int]:
        """Number of refusals of each reason, the most frequent first."""
        return dict(self._reasons.most_common())

    def counts(self) -> dict[str, int]:
        """Number of answers of each status."""
        return dict(self._counts + Counter({UNDECIDED: self.undecided}))

    def follow(
        self, wait_s: float, progress: Callable[[int], None] | None = None, most: int = 0
    ) -> bool:
        """Read answers until `most` are missing, True, or none came for that long, False."""
        end_s = time.monotonic() + wait_s
        while self.undecided > most:
            before = self.undecided
            for reader in self._readers:
                for record in reader.read(READ_RECORDS):
                    self._take(record)
            if progress:
                progress(self._counts.total())
            if self.undecided < before:
                end_s = time.monotonic() + wait_s
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                return self.undecided <= most
            if self.undecided > most:
                self._log.wait(min(POLL_S, left_s))
        return True

    def _take(self, record: Record) -> None:
        event = decode("ingest", record.value)
        order_id, reason = getattr(event, "order_id", ""), ""
        if isinstance(event, OrderAccepted):
            order_id = record_shard(record, event.seq, self._log)
        elif isinstance(event, REFUSALS):
            reason = f"{event.reason}: {event.text}"
        if isinstance(event, (OrderAccepted, OrderStatusReported, *REFUSALS)):
            key: Key | None = (event.source, event.cl_ord_id)
        elif isinstance(event, OrderAmended | OrderCancelled | OrderChangePending):
            key = self._changes.get(event.cl_ord_id)
        else:
            return
        if key is not None and (key in self._waiting or key in self._noted):
            self._count(Outcome(*key, type(event).__name__, order_id, reason))

    def _count(self, found: Outcome) -> None:
        key = (found.source, found.cl_ord_id)
        if key in self._noted:
            self._noted.discard(key)
            self._counts[OrderChangePending.__name__] -= 1
        elif self._waiting[key] > 1:
            self._waiting[key] -= 1
        else:
            del self._waiting[key]
        self._counts[found.status] += 1
        self.last = found
        if found.status == OrderChangePending.__name__:
            self._noted.add(key)
        else:
            self._changes.pop(found.cl_ord_id, None)
        if found.reason:
            self._reasons[found.reason.partition(":")[0]] += 1
            if len(self._refused) < REFUSED_MAX:
                self._refused.append(found)


def record_shard(record: Record, seq: int, log: Log) -> str:
    """The id of the object that a stage event created: its shard and seq."""
    assert record.key is not None, "a stage record about an order has its instrument as key"
    return f"{partition_of(record.key, log.partitions)}-{seq}"
