"""Records that a seal covers: the only routes that a gateway sends, and receipts that count.

A shard commits the records of a batch and its seal in one transaction, and the seal states how many
there are of each topic and their digest. Any process that can write to the log can add a record to
`routes` or `ingest`, but no seal covers it. So a record waits here for its seal, which becomes
readable with it and costs no time, and goes on when the digest is right.

A record before a sealed run, or one whose seal does not come within SEAL_WAIT_NS, is a stranger's:
a gateway does not send it, and reports it; the allotter does not count it, and logs it. Where the
records of a seal cannot be found, among strangers or without them, the log was changed, and the
process stops.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from engine.core.controls.input_limits import is_id
from engine.core.events import BatchSealed, NotSent
from engine.gateways.venues.reading import INGEST, ROUTES
from engine.log import codec
from engine.log.port import JOURNAL, CorruptLogError, Record
from engine.runtime.hash_chain import frame, new_hash
from engine.runtime.replica import check_chain
from engine.runtime.shard_log import decoded

SEAL_WAIT_NS = 20_000_000_000  # Twenty seconds: beyond the longest open transaction of a shard.
HELD_MAX = 1_000_000  # Records without their seal, count: above a day's, which a start may read.
STOPS = {ROUTES: "nothing more is sent", INGEST: "nothing more is allotted"}

_log = logging.getLogger(__name__)


class Held(NamedTuple):
    """A record that waits for its seal."""

    record: Record
    event: Any  # None if the bytes are no event.
    seq: int  # -1 if the bytes are no event.
    frame: bytes
    since_ns: int


class Expected(NamedTuple):
    """The records of the topic that a seal states."""

    batch: int
    first_seq: int  # Of the batch's events.
    next_seq: int
    record_count: int
    digest: bytes
    since_ns: int


class SealedRecords:
    """One shard's records of a topic and its seals, joined."""

    def __init__(self, topic: str, number: int, chain: bytes) -> None:
        """`chain` is that of the seal before the first one that is read."""
        self._topic = topic
        self._stops = STOPS[topic]
        self._number = number
        self._chain = chain
        self._held: deque[Held] = deque()
        self._expected: deque[Expected] = deque()
        self._strangers: list[Held] = []

    def hold(self, record: Record, now_ns: int) -> None:
        """Take the topic's next record. Raises CorruptLogError if too many have no seal."""
        try:
            event = codec.decode(self._topic, record.value)
        except codec.UnreadableError:
            event = None
        seq = getattr(event, "seq", -1)
        if len(self._held) >= HELD_MAX:
            raise CorruptLogError(
                f"shard {self._number}: {len(self._held)} records of {self._topic} wait for a "
                f"seal. A stranger floods the log, or its journal cannot be read; {self._stops}."
            )
        self._held.append(Held(record, event, seq, frame(seq, *record[2:]), now_ns))

    def seal(self, seal: BatchSealed, now_ns: int) -> None:
        """Take the next seal. Raises CorruptLogError unless it follows the one before it."""
        check_chain(self._number, seal)
        if seal.previous_chain != self._chain:
            raise CorruptLogError(
                f"shard {self._number}: seal {seal.batch} follows chain "
                f"{seal.previous_chain.hex()[:16]}, expected {self._chain.hex()[:16]}. A stranger "
                f"has written to the journal, or seals were lost; {self._stops}."
            )
        self._chain = seal.chain
        for entry in seal.outputs:
            if entry.topic == self._topic and entry.record_count:
                self._expected.append(
                    Expected(
                        *(seal.batch, seal.first_seq, seal.next_seq),
                        *(entry.record_count, entry.digest, now_ns),
                    )
                )

    def sealed(self, now_ns: int) -> Iterator[Any]:
        """The events that a seal covers, in order. Raises CorruptLogError if a seal's are lost."""
        while self._expected:
            expected = self._expected[0]
            before = self._before(expected)
            if before is None:
                if now_ns - expected.since_ns > SEAL_WAIT_NS:
                    raise self._lost(expected)
                return
            self._strangers += (self._held.popleft() for _ in range(before))
            self._expected.popleft()
            for _ in range(expected.record_count):
                yield self._readable(self._held.popleft())

    def _readable(self, held: Held) -> Any:  # noqa: ANN401  One of the catalogue's events.
        if held.event is None:
            raise CorruptLogError(
                f"shard {self._number}: {self._topic} at offset {held.record.offset} cannot be "
                f"read, and a seal covers it. A newer release wrote it; {self._stops}."
            )
        return held.event

    def strangers(self, now_ns: int) -> list[Held]:
        """The records that no seal covers, each once."""
        while self._held and not self._expected and now_ns - self._held[0].since_ns > SEAL_WAIT_NS:
            self._strangers.append(self._held.popleft())
        found, self._strangers = self._strangers, []
        return found

    def _before(self, expected: Expected) -> int | None:
        """The count of records before the seal's run; None if the run has not come yet."""
        spare = len(self._held) - expected.record_count
        for start, first in enumerate(islice(self._held, max(0, spare + 1))):
            if expected.first_seq <= first.seq < expected.next_seq:  # Else it cannot be the first.
                digest = new_hash()
                for one in islice(self._held, start, start + expected.record_count):
                    digest.update(one.frame)
                if digest.digest() == expected.digest:
                    return start
        return None

    def _lost(self, expected: Expected) -> CorruptLogError:
        return CorruptLogError(
            f"shard {self._number}: seal {expected.batch} states {expected.record_count} "
            f"{self._topic}, and no run of the {len(self._held)} records that are held has its "
            f"digest. Records were changed, lost or added between them; {self._stops}."
        )


class Provenance:
    """The routes of all shards."""

    def __init__(self, gateway: str, chains: Sequence[bytes]) -> None:
        """`gateway` is the venue that the gateway speaks of itself by."""
        self._gateway = gateway
        self._shards = [SealedRecords(ROUTES, number, x) for number, x in enumerate(chains)]

    def hold(self, number: int, record: Record, now_ns: int) -> None:
        self._shards[number].hold(record, now_ns)

    def seal(self, number: int, record: Record, now_ns: int) -> None:
        """Raises CorruptLogError unless the seal can be read and follows the one before it."""
        self._shards[number].seal(decoded(JOURNAL, number, record), now_ns)

    def sealed(self, now_ns: int) -> Iterator[tuple[int, Any]]:
        """Each shard's events that a seal covers, in order. Raises CorruptLogError."""
        for number, shard in enumerate(self._shards):
            for event in shard.sealed(now_ns):
                yield number, event

    def refusals(self, now_ns: int) -> Iterator[NotSent]:
        """A report on each record that no seal covers."""
        for number, shard in enumerate(self._shards):
            for held in shard.strangers(now_ns):
                yield refused(self._gateway, number, held, now_ns)


def refused(gateway: str, number: int, held: Held, now_ns: int) -> NotSent:
    """The report on a stranger's record, under an id that no child of the engine can have.

    Its own id may be that of a child that is open, and its venue may be none.
    """
    where = f"{ROUTES}:{number}:{held.record.offset}"
    event = held.event
    _log.warning("%s: no seal covers %.500r; it is not sent", where, event)
    instrument_id = getattr(event, "instrument_id", "")
    qty = getattr(event, "child_qty", 0)
    return NotSent(
        venue=gateway,
        instrument_id=instrument_id if is_id(instrument_id) else where,
        child_id=where,
        text=f"a record of {ROUTES} that no seal covers; its child_qty is {qty}",
        received_ns=now_ns,
    )
