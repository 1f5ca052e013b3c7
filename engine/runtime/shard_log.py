"""A shard's log as it was decided: batch by batch, each as its seal cuts it.

The journal is read seal by seal; then as many records are taken from each topic as the seal states
were consumed or written. A topic is opened when it is first needed, and read in bounded pieces, so
a log of any length takes the same memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from engine.core.events import BatchSealed, ConfigurationAdopted, StageEvent
from engine.log import codec
from engine.log.port import (
    BEGINNING,
    DLQ,
    JOURNAL,
    SHARED_TOPICS,
    Closeable,
    CorruptLogError,
    Log,
    Reader,
    Record,
    Start,
)
from engine.runtime.hash_chain import frame, new_hash
from engine.runtime.shard import Rules, Shard

READ_RECORDS = 2_000  # One bounded read.

Records = Mapping[str, Sequence[Record]]


class DamagedError(CorruptLogError):
    """A topic ends before a seal's records do, lacks a record, or cannot be read."""

    def __init__(self, topic: str, where: str, text: str, *, is_missing: bool = True) -> None:
        super().__init__(text)
        self.topic = topic
        self.where = where
        self.is_missing = is_missing


class SealRecord(NamedTuple):
    """A seal, and the record that holds it."""

    seal: BatchSealed
    record: Record


class ShardLog(Closeable):
    """One shard's batches in a log. Use it in a `with`, or close it."""

    def __init__(self, log: Log, number: int) -> None:
        self.number = number
        self._log = log
        self._starts: dict[str, Start] = {}  # Of topics that are not read from their beginning.
        self._cursors: dict[str, TopicCursor] = {}

    @property
    def log_id(self) -> str:
        return self._log.identity.log_id

    def start(self, topic: str, start: Start) -> None:
        """Set where a topic is read from, before it is first read."""
        assert topic not in self._cursors, f"{topic} is being read already"
        self._starts[topic] = start

    def seek(self, topic: str, start: Start) -> None:
        """Read a topic from `start` on, wherever it was being read."""
        found = self._cursors.pop(topic, None)
        if found is not None:
            found.close()
        self._starts[topic] = start

    def next_start(self, topic: str) -> Start:
        """The start of the topic's next record that was not taken yet."""
        found = self._cursors.get(topic)
        return self._starts.get(topic, BEGINNING) if found is None else found.next

    def seals(self) -> Iterator[SealRecord]:
        """Take every seal up to the journal's present end.

        Raises CorruptLogError for one that cannot be read.
        """
        cursor = self.cursor(JOURNAL)
        while cursor.has_more():
            record = cursor.take(1)[0]
            yield SealRecord(decoded(JOURNAL, self.number, record), record)

    def ahead(self) -> Iterator[SealRecord]:
        """The next seals, not taken: at most READ_RECORDS."""
        for record in self.cursor(JOURNAL).peek(READ_RECORDS):
            yield SealRecord(decoded(JOURNAL, self.number, record), record)

    def inputs(self, seal: BatchSealed, topics: Sequence[str]) -> Records:
        """The records of these topics that a batch consumed.

        Raises CorruptLogError where a topic ends before them.
        """
        return {
            entry.topic: self.cursor(entry.topic).take(entry.next_position - entry.first_position)
            for entry in seal.inputs
            if entry.topic in topics
        }

    def outputs(self, seal: BatchSealed) -> Records:
        """The records that a batch wrote. Raises CorruptLogError where a topic ends before them."""
        return {
            entry.topic: self.cursor(entry.topic).take(entry.record_count) for entry in seal.outputs
        }

    def cursor(self, topic: str) -> "TopicCursor":
        """The topic's cursor, opened at its start if it is new.

        Raises CorruptLogError if the start lies outside the log.
        """
        found = self._cursors.get(topic)
        if found is None:
            found = self._opened(topic, self._starts.get(topic, BEGINNING))
            self._cursors[topic] = found
        return found

    def close(self) -> None:
        for cursor in self._cursors.values():
            cursor.close()

    def _opened(self, topic: str, start: Start) -> "TopicCursor":
        partition = 0 if topic in SHARED_TOPICS else self.number
        try:
            reader = self._log.reader(topic, partition, start)
        except CorruptLogError as error:
            raise DamagedError(topic, f"offset {start.offset}", str(error)) from error
        return TopicCursor(reader, topic, partition)


class TopicCursor:
    """A partition read in pieces of the size that a seal states."""

    def __init__(self, reader: Reader, topic: str, partition: int) -> None:
        self._reader = reader
        self._topic = topic
        self._partition = partition
        self._held: list[Record] = []
        self._at = 0

    def __str__(self) -> str:
        """The partition, for messages."""
        return f"partition {self._partition} of {self._topic}"

    @property
    def next(self) -> Start:
        """The start of the next record that was not taken yet."""
        if self._at < len(self._held):
            return Start(self._held[self._at].offset, self._held[self._at].position)
        return self._reader.next

    def take(self, count: int) -> Sequence[Record]:
        """Take the next `count` records. Raises CorruptLogError if the partition ends before."""
        taken = self.peek(count)
        if len(taken) < count:
            raise DamagedError(
                self._topic,
                "the end",
                f"{self}: ends {count - len(taken)} records short of what a seal states. Records "
                "were lost; nothing was written.",
            )
        self._at += count
        return taken

    def peek(self, count: int) -> Sequence[Record]:
        """The next `count` records, not taken; fewer where the partition ends."""
        while len(self._held) - self._at < count and self._more():
            pass
        return self._held[self._at : self._at + count]

    def has_more(self) -> bool:
        return self._at < len(self._held) or self._more()

    def count(self) -> int:
        """Take all records that are left, and count them."""
        found = len(self._held) - self._at
        self._at = len(self._held)
        while self._more():
            found += len(self._held)
            self._at = len(self._held)
        return found

    def _more(self) -> bool:
        """Read the next piece; False at the end."""
        del self._held[: self._at]
        self._at = 0
        while True:
            try:
                records = self._reader.read(READ_RECORDS)
                is_end = not records and self._reader.at_end()
            except CorruptLogError as error:
                after = self._reader.next
                where = f"after offset {after.offset - 1}, position {after.position - 1}"
                raise DamagedError(self._topic, where, str(error), is_missing=False) from error
            if records:
                self._held += records
                return True
            if is_end:
                return False

    def close(self) -> None:
        self._reader.close()


def last_seal(log: Log, number: int) -> BatchSealed | None:
    """The newest seal of a shard, or None before its first batch."""
    record = log.last(JOURNAL, number)
    return None if record is None else decoded(JOURNAL, number, record)


def decoded(topic: str, number: int, record: Record) -> BatchSealed:
    event = event_of(topic, number, record)
    assert isinstance(event, BatchSealed), "the journal holds seals"
    return event


def event_of(topic: str, number: int, record: Record) -> object:
    """The event in a record that the engine wrote. Raises CorruptLogError if it holds none."""
    try:
        found: object = codec.decode_sealed(topic, record.value)
    except codec.UnreadableError as error:
        where = f"offset {record.offset}"
        text = (
            f"shard {number}: {topic} at {where} cannot be read ({error}). "
            "The engine wrote it, so the log was changed; nothing was written now."
        )
        if topic == JOURNAL:  # A seal that cannot be read is the journal contradicting itself.
            raise CorruptLogError(text) from error
        raise DamagedError(topic, where, text, is_missing=False) from error
    return found


def rules_of_batch(shard: Shard, seal: BatchSealed, outputs: Records) -> Rules:
    """The shard's rules with the settings of the batch: those that it adopts, or those before it.

    Raises CorruptLogError if the batch's first event cannot be read.
    """
    adopted = _adopted_settings(shard.number, seal, outputs)
    return replace(shard.rules, settings_text=adopted or shard.state.settings_text)


def _adopted_settings(number: int, seal: BatchSealed, outputs: Records) -> str | None:
    """The configuration that a batch adopts, which is its first event; None if it adopts none."""
    for record in outputs.get("ingest", ())[:1]:
        if codec.is_a(ConfigurationAdopted, record.value):
            event = event_of("ingest", number, record)
            if isinstance(event, ConfigurationAdopted) and event.seq == seal.first_seq:
                return event.text
    return None


def events_of(seal: BatchSealed, outputs: Records, number: int) -> list[StageEvent]:
    """A batch's events over all stage topics, by seq.

    Raises CorruptLogError if the records do not have the seal's digests.
    """
    found: list[StageEvent] = []
    for entry in seal.outputs:
        records = outputs[entry.topic]
        events: list[StageEvent] = []
        if entry.topic != DLQ:  # A stage topic holds stage events.
            events = [event_of(entry.topic, number, record) for record in records]  # type: ignore[misc]
        numbers = [event.seq for event in events] or [0] * len(records)  # The dlq has no seq.
        digest = new_hash()
        for own, record in zip(numbers, records, strict=True):
            digest.update(frame(own, *record[2:]))
        if digest.digest() != entry.digest:
            raise CorruptLogError(
                f"partition {number} of {entry.topic}: the records of batch {seal.batch} do not "
                "have the digest that its seal states. They were changed, lost or added after "
                "it; nothing was written."
            )
        found += events
    found.sort(key=_seq_of)
    return found


def _seq_of(event: StageEvent) -> int:
    return event.seq
