"""Find a shard's last close in its log, and where every topic goes on after it, from the end back.

The journal is read backwards up to the last CLOSE, so the batches before it cost nothing. Records
of a shard carry the time of their batch, which never goes back: in each topic the records newer
than the close are left out at once, and the close's own records are the last of the others. The
close itself carries how many records each topic held before them (PositionsCarried). Recovery
cannot start from the close of an early release that did not carry it.
"""

from bisect import bisect
from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.core.events import BatchSealed, PositionsCarried, SealKind, StageEvent, TopicPlace
from engine.core.units import NS_PER_MS
from engine.log.headers import rejection_of
from engine.log.port import DLQ, INPUT_TOPICS, JOURNAL, CorruptLogError, Log, Record, Start
from engine.runtime.replica import WRITTEN, Replica, positions_in
from engine.runtime.shard_log import SealRecord, ShardLog, decoded, event_of, events_of

FIRST_PIECE_RECORDS = 16  # Seals read first on the way back; each piece is twice the one before,
PIECE_RECORDS = 2_000  # up to this.
MORE_RECORDS = 64  # Than the close wrote: of other batches in the same millisecond.
NEVER = 2**62  # Beyond every batch.

IsOfClose = Callable[[Record], bool]  # Whether a record is of the close or of a batch before it.


class Close(NamedTuple):
    """A close, and where every topic goes on after it."""

    seal_record: SealRecord
    events: list[StageEvent]
    starts: dict[str, Start]


def last_close(log: Log, number: int, after: int = -1, upto: int | None = None) -> Close | None:
    """The last close after batch `after` from which a recovery can start, or None.

    `upto` is the last batch that counts; None is the newest. Raises CorruptLogError where the log
    does not hold what a seal states, LogUnavailableError.
    """
    seal_record = last_close_seal(log, number, after, NEVER if upto is None else upto)
    return None if seal_record is None else read_close(log, number, seal_record)


def started_after(log: Log, replica: Replica, close: Close) -> ShardLog:
    """The shard's log right after a close; the replica is started there too."""
    replica.start_at_close(close.seal_record.seal, close.events)
    shard_log = ShardLog(log, replica.number)
    for topic in INPUT_TOPICS:
        shard_log.start(topic, replica.resume(topic))
    for topic, start in close.starts.items():
        shard_log.start(topic, start)
    return shard_log


def seals_back(log: Log, number: int, offset: int | None = None) -> Iterator[SealRecord]:
    """The seals before an offset of the journal, or its end where it is None, the newest first."""
    piece = FIRST_PIECE_RECORDS
    while found := log.records_before(JOURNAL, number, offset, piece):
        for record in reversed(found):
            seal = decoded(JOURNAL, number, record)
            yield SealRecord(seal, record._replace(position=seal.batch))  # One seal a batch.
        offset = found[0].offset
        piece = min(2 * piece, PIECE_RECORDS)


def last_close_seal(log: Log, number: int, after: int = -1, upto: int = NEVER) -> SealRecord | None:
    """The seal of the last close behind batch `after`, whatever that close carried, or None."""
    for seal_record in seals_back(log, number):
        if seal_record.seal.batch <= after:
            return None
        if seal_record.seal.kind is SealKind.CLOSE and seal_record.seal.batch <= upto:
            return seal_record
    return None


def read_close(log: Log, number: int, seal_record: SealRecord) -> Close | None:
    """The close's records and starts; None if a close of an early release carries no positions.

    The ingest is read first, as it holds the positions by which the others are found. Raises
    CorruptLogError where the log does not hold what the seal states, LogUnavailableError.
    """
    seal, record = seal_record
    outputs: dict[str, list[Record]] = {}
    starts = {JOURNAL: Start(record.offset + 1, seal.batch + 1)}
    counts = {entry.topic: entry.record_count for entry in seal.outputs}
    positions: PositionsCarried | None = None
    for topic in WRITTEN:
        is_of_close = _in_stage(seal, topic, number)
        if topic == DLQ:
            assert positions is not None
            is_of_close = _in_dlq(positions.inputs)
        outputs[topic], offset = _own(log, seal, topic, number, counts.get(topic, 0), is_of_close)
        if positions is None:  # Only of the ingest, which comes first.
            events = [event_of(topic, number, each) for each in outputs[topic]]
            positions = positions_in(events)  # type: ignore[arg-type]  # A stage topic's events.
            if positions is None:
                return None
        before = {entry.topic: entry.next_position for entry in positions.outputs}
        starts[topic] = Start(offset, before[topic] + counts.get(topic, 0))
    return Close(seal_record, events_of(seal, outputs, number), starts)


def _own(
    log: Log, seal: BatchSealed, topic: str, number: int, count: int, is_of_close: IsOfClose
) -> tuple[list[Record], int]:
    """The close's own records of a topic, and the offset at which those after it start."""
    behind = at = log.offset_since(topic, number, seal.now_ns // NS_PER_MS + 1)
    own: list[Record] = []
    while len(own) < count or not own:
        found = log.records_before(topic, number, at, count + MORE_RECORDS)
        if not found:
            break
        at = found[0].offset
        split = bisect(found, False, key=lambda record: not is_of_close(record))  # noqa: FBT003
        if split < len(found):
            behind = found[split].offset
        own = [*found[:split], *own]
    if len(own) < count:
        raise CorruptLogError(
            f"shard {number}: {topic} holds {len(own)} records up to the close of batch "
            f"{seal.batch}, whose seal states {count} of its own. Records were lost; nothing was "
            "written."
        )
    return own[len(own) - count :], own[-1].offset + 1 if own else behind


def _in_stage(seal: BatchSealed, topic: str, number: int) -> IsOfClose:
    def is_of_close(record: Record) -> bool:
        event: StageEvent = event_of(topic, number, record)  # type: ignore[assignment]
        return event.seq < seal.next_seq

    return is_of_close


def _in_dlq(inputs: tuple[TopicPlace, ...]) -> IsOfClose:
    """A dead letter's headers name the topic and position of its input.

    A letter whose headers do not counts as of the close: then the seal's digest finds the damage.
    """
    ends = {entry.topic: entry.next_position for entry in inputs}

    def is_of_close(record: Record) -> bool:
        rejection = rejection_of(record.headers)
        return rejection.position < ends.get(rejection.topic, NEVER)

    return is_of_close
