"""The days of a shard: its batches from one close to the next."""

from typing import NamedTuple

from engine.core.events import DayOpened, SealKind
from engine.log import codec
from engine.log.port import SHARED_TOPICS, CorruptLogError, Log, Record
from engine.runtime.shard_log import ShardLog

BATCHES_MAX = 2**62  # Beyond every batch.


class Segment(NamedTuple):
    """The batches from one close to the next."""

    first: int
    next: int
    day: int | None  # None where no day was opened.


def segments(log: Log, number: int) -> list[Segment]:
    """The days of a shard by their batches, the last one open; at least one.

    Reads the journal and what the batches consumed of `controls`.
    """
    found: list[Segment] = []
    first, day = 0, None
    try:
        with ShardLog(log, number) as shard_log:
            for batch, (seal, _) in enumerate(shard_log.seals()):
                if seal.batch != batch:
                    break
                for record in shard_log.inputs(seal, SHARED_TOPICS).get("controls", ()):
                    if codec.is_a(DayOpened, record.value):
                        day = opened_day(record) or day
                if seal.kind is SealKind.CLOSE:
                    found.append(Segment(first, seal.batch + 1, day))
                    first, day = seal.batch + 1, None
    except CorruptLogError:  # The proof finds the same place and reports it.
        pass
    return [*found, Segment(first, BATCHES_MAX, day)]


def opened_day(record: Record) -> int | None:
    """The day in a DayOpened record; None for a record that can't be read, which opens no day."""
    try:
        event = codec.decode("controls", record.value)
    except codec.UnreadableError:
        return None
    day: int = event.day
    return day
