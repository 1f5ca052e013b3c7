"""Read the dlq, and send a dead letter again: the record of an input that a shard refused.

A dead letter holds the value, the key, the position in its input topic and the sender. Sent again,
as it is or mended, it is a record of that topic like any other: on the partition of its key, and
with its sender's own name and number, so that a source that waits for the missing record goes on
from there. One more header, `resubmits`, names the record it replaces as
`topic:partition:position`.

A record that would only come back to the dlq is not sent, unless the caller insists.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.core.controls.rejected_input import RejectedInput
from engine.core.events import InputRejected
from engine.core.partition import partition_of
from engine.core.units import NS_PER_MS
from engine.log import codec
from engine.log.headers import Sender, known_headers, rejection_of, sender_of
from engine.log.port import DLQ, SHARED_TOPICS, EngineError, Headers, Log, NewRecord, Record
from engine.runtime.admission import Admission

READ_RECORDS = 1_000
INGEST = "ingest"
RESUBMITS = "resubmits"


class DeadLetterError(EngineError):
    """There is no such letter, or it cannot be sent."""


class Letter(NamedTuple):
    """A record that a shard refused."""

    shard: int
    position: int  # In the shard's dlq.
    topic: str
    input_position: int
    source: str  # Empty if unknown.
    number: int  # The sender's own; -1 if unknown.
    reason: str
    at_ms: int  # When it was refused, ms since 1970 UTC.
    key: bytes | None
    value: bytes

    @property
    def input_partition(self) -> int:
        return 0 if self.topic in SHARED_TOPICS else self.shard


class Resubmission(NamedTuple):
    """A record to send again, and why it would be refused again; None if it would not."""

    record: NewRecord
    refused: RejectedInput | None


def letters(log: Log, shard: int) -> Iterator[Letter]:
    """The shard's dead letters that are there now, in order."""
    for record in _records(log, DLQ, shard):
        yield _letter(shard, record)


def find(log: Log, shard: int, position: int) -> Letter:
    """Raises DeadLetterError if there is none."""
    if shard < log.partitions:
        for letter in letters(log, shard):
            if letter.position == position:
                return letter
    raise DeadLetterError(f"no dead letter {shard}:{position}; `metaorder dlq list` has them all")


def why(log: Log, letter: Letter) -> str:
    """The reason that the engine gave when it refused the record."""
    for record in _records(log, INGEST, letter.shard):
        if codec.is_a(InputRejected, record.value):
            event: InputRejected = codec.decode_sealed(INGEST, record.value)
            if (event.topic, event.position) == (letter.topic, letter.input_position):
                return event.text
    raise DeadLetterError(
        f"{letter.topic}:{letter.input_position} is in no InputRejected of shard {letter.shard}. "
        f"Run `metaorder verify --log URL --shard {letter.shard}`."
    )


def resubmission(letter: Letter, value: bytes, partitions: int, at_ns: int) -> Resubmission:
    """The letter's record with this value, where it belongs."""
    key, partition = letter.key, letter.input_partition
    instrument_id = _instrument_of(letter.topic, value)
    if instrument_id is not None:
        key = instrument_id.encode()
        partition = partition_of(key, partitions)
    record = NewRecord(partition, at_ns // NS_PER_MS, key, _headers(letter), value)
    shard = letter.shard if letter.topic in SHARED_TOPICS else partition
    admitted = Admission(shard, partitions).admit(letter.topic, Record(-1, -1, *record[1:]))
    return Resubmission(record, admitted if isinstance(admitted, RejectedInput) else None)


def _instrument_of(topic: str, value: bytes) -> str | None:
    """The value's instrument; None if it cannot be read or has none."""
    if topic in SHARED_TOPICS:
        return None
    try:
        event: Any = codec.decode(topic, value)
    except codec.UnreadableError:
        return None  # It stays where it was.
    found: str | None = getattr(event, "instrument_id", None)
    return found


def _headers(letter: Letter) -> Headers:
    input_id = f"{letter.topic}:{letter.input_partition}:{letter.input_position}"
    return (*known_headers(Sender(letter.source, letter.number)), (RESUBMITS, input_id.encode()))


def _letter(shard: int, record: Record) -> Letter:
    sender, rejection = sender_of(record.headers), rejection_of(record.headers)
    if not rejection.is_known:
        raise DeadLetterError(
            f"dlq {shard}:{record.position}: found {rejection}, expected the topic, position and "
            f"reason that a shard writes. Run `metaorder verify --log URL --shard {shard}`."
        )
    return Letter(
        shard=shard,
        position=record.position,
        topic=rejection.topic,
        input_position=rejection.position,
        source=sender.name,
        number=sender.number,
        reason=rejection.reason,
        at_ms=record.timestamp_ms,
        key=record.key,
        value=record.value,
    )


def _records(log: Log, topic: str, shard: int) -> Iterator[Record]:
    reader = log.reader(topic, shard)
    try:
        while not reader.at_end():
            yield from reader.read(READ_RECORDS)
    finally:
        reader.close()
