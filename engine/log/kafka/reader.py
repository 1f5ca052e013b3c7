"""Read partitions in order: one consumer a topic, one queue a reader, positions counted here.

A `Feed` is the consumer of one topic. It takes the records that librdkafka has fetched and gives
each to the readers of its partition; several may read the same one (every shard reads `controls`).
The queues are bounded: a partition whose readers are all full is paused. A slow reader beside a
quick one drops out, and later has the partition fetched again from where it stopped, so no reader
waits for another. A partition that is read and stays silent although the log holds more is fetched
anew (`stall`), whatever the reason is.
"""

import threading
from collections import deque
from collections.abc import Sequence

from confluent_kafka import (
    Consumer,
    KafkaError,
    Message,
    TopicPartition,
)

from engine.log.kafka.client import LOGGER, Cluster, learn_leaders
from engine.log.kafka.ends import BAD_BATCH, END_OF_PARTITION, Ends, Location, damaged, headers_of
from engine.log.kafka.stall import Stalls
from engine.log.port import (
    CorruptLogError,
    LogUnavailableError,
    Record,
    Start,
)

FETCH_WAIT_MS = 50  # How late a reader may learn that only a marker followed its last record.
PUMP_RECORDS = 1_000  # Taken from the client in one call.
READ_MAX_RECORDS = 5_000  # Returned at once: fewer than pause the partition.
QUEUE_MAX_RECORDS = 10_000  # A reader holds about so many; then its partition is paused.
QUEUE_LOW_RECORDS = 2_000  # Then it is fetched again.
PREFETCH_MAX_KBYTES = 4_096  # Per partition, inside the client.
OUT_OF_RANGE = frozenset(
    {
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 (the client's public name)
        KafkaError.OFFSET_OUT_OF_RANGE,
    }
)
ALL_BROKERS_DOWN = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001


class KafkaReader:
    """One reader of one partition; belongs to its feed, which fills the queue."""

    def __init__(self, feed: "Feed", partition: int, start: Start) -> None:
        self.partition = partition
        self.queue: deque[Record] = deque()
        self.accepted = start.offset  # The next offset that the queue would take.
        self.position = start.position  # Of the next record that it takes.
        self.is_behind = False  # Dropped out: it has missed records from `accepted` on.
        self.is_read = False  # Read since the last wait, so that its queue may end the next one.
        self.failure: Exception | None = None
        self._feed = feed
        self._next = start

    @property
    def next(self) -> Start:
        return self._next

    def read(self, max_records: int) -> Sequence[Record]:
        self.is_read = True
        taken = self._feed.take(self, max_records)
        if taken:
            self._next = Start(taken[-1].offset + 1, taken[-1].position + 1)
        return taken

    @property
    def location(self) -> Location:
        return Location(self._feed.topic, self.partition)

    def at_end(self) -> bool:
        return self.has_returned(self._feed.end(self.partition))

    def has_returned(self, end: int) -> bool:
        """Whether everything before this offset was returned by `read`."""
        while self._feed.pump():
            pass
        self.fail()
        if self.accepted < end and not self.queue:
            self._feed.tend(self, end)
        return self.accepted >= end and not (self.queue and self.queue[0].offset < end)

    def fail_with(self, failure: Exception) -> None:
        """Have the next read raise this; no later failure replaces that of a damaged log."""
        if not isinstance(self.failure, CorruptLogError):
            self.failure = failure

    def fail(self) -> None:
        if self.failure is None:
            return
        failure = self.failure
        if isinstance(failure, LogUnavailableError):
            self.failure = None  # The client goes on trying; the next read may succeed.
        raise failure

    def close(self) -> None:
        self._feed.detach(self)


class Feed:
    """The consumer of one topic. Every method may be called from any thread."""

    def __init__(self, cluster: Cluster, topic: str, ends: Ends) -> None:
        self.topic = topic
        self._cluster = cluster
        self._name = cluster.topic(topic)
        self._ends = ends
        self._lock = threading.RLock()
        self._readers: dict[int, list[KafkaReader]] = {}
        self._reached: dict[int, int] = {}  # The offset that the consumer gives next.
        self._paused: set[int] = set()
        self._stalls = Stalls(topic, ends)
        settings = cluster.reading(
            {
                "fetch.wait.max.ms": FETCH_WAIT_MS,
                "queued.max.messages.kbytes": PREFETCH_MAX_KBYTES,
            }
        )
        self._consumer = Consumer({**settings, "error_cb": self._on_error}, logger=LOGGER)

    def readers(self) -> list[KafkaReader]:
        with self._lock:
            return [reader for readers in self._readers.values() for reader in readers]

    def attach(self, partition: int, start: Start) -> KafkaReader:
        """Raises CorruptLogError if the start lies outside the log."""
        location = Location(self.topic, partition)
        first, (end,) = self._ends.first(location), self._ends.stable([location])
        if not first <= start.offset <= end:
            raise self._outside(partition, start.offset, f"offsets {first} to {end}")
        reader = KafkaReader(self, partition, start)
        with self._lock:
            self._forget_outages()
            others = self._readers.setdefault(partition, [])
            if len(self._readers) == 1 and not others:
                learn_leaders(self._consumer, self._name)
            if not others or start.offset < self._reached[partition]:
                self._fetch_from(partition, start.offset)
            others.append(reader)
            self._refill(reader)
        return reader

    def detach(self, reader: KafkaReader) -> None:
        with self._lock:
            readers = self._readers.get(reader.partition, [])
            if reader not in readers:
                return
            readers.remove(reader)
            if not readers:
                del self._readers[reader.partition]
                del self._reached[reader.partition]
                self._stalls.forget(reader.partition)
                self._unassign(reader.partition)

    def end(self, partition: int) -> int:
        """The offset after every record that is committed now."""
        return self._ends.settled([Location(self.topic, partition)])[0]

    def take(self, reader: KafkaReader, max_records: int) -> list[Record]:
        max_records = min(max_records, READ_MAX_RECORDS)
        with self._lock:
            while len(reader.queue) < max_records and self.pump():
                pass
            reader.fail()
            queue = reader.queue
            if len(queue) <= max_records:
                taken = list(queue)
                queue.clear()
            else:
                taken = [queue.popleft() for _ in range(max_records)]
            if len(queue) <= QUEUE_LOW_RECORDS:
                self._refill(reader)
            if not taken:
                self.tend(reader)
            return taken

    def tend(self, reader: KafkaReader, stable: int = 0) -> None:
        """Fetch a partition anew if its client has stopped giving records to this reader.

        The log is known to be stable up to `stable`, 0 if nothing is known.
        """
        with self._lock:
            reached = self._reached.get(reader.partition)
            if reached is None or reader.is_behind:
                return  # Closed, or fetched again with its next read.
            if self._stalls.has_stalled(reader.partition, reached, stable):
                self._fetch_from(reader.partition, reached)

    def pump(self) -> bool:
        """Give fetched records to the readers, without waiting; True if one got or learned more."""
        with self._lock:
            if not self._readers:
                return False
            messages = self._consumer.consume(PUMP_RECORDS, 0)
            if not messages:
                return False
            is_news = False
            for message in messages:
                if message.error() is not None:
                    is_news |= self._signal(message)
                else:
                    self._deliver(message)
                    is_news = True
            self._pause_full()
            return is_news

    def close(self) -> None:
        with self._lock:
            self._readers.clear()
            self._reached.clear()
            self._consumer.close()

    def _deliver(self, message: Message) -> None:
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        if partition not in self._readers:
            return  # Fetched before its last reader closed.
        self._reached[partition] = offset + 1
        for reader in self._readers[partition]:
            if offset < reader.accepted or reader.is_behind:
                continue
            reader.queue.append(
                Record(
                    offset,
                    reader.position,
                    message.timestamp()[1],
                    message.key(),
                    headers_of(message),
                    message.value() or b"",
                )
            )
            reader.position += 1
            reader.accepted = offset + 1

    def _signal(self, message: Message) -> bool:
        """Handle the end of a partition or an error; True if a reader learned something new."""
        error, partition, offset = message.error(), message.partition(), message.offset()
        assert error is not None
        if partition is None or partition not in self._readers:
            return False
        readers = self._readers[partition]
        if error.code() == END_OF_PARTITION:
            assert offset is not None
            self._reached[partition] = offset
            self._stalls.note_end(partition, offset)
            passed = [r for r in readers if r.accepted < offset and not r.is_behind]
            for reader in passed:
                reader.accepted = offset  # Only markers and aborted records were between.
            return bool(passed)
        for reader in readers:
            if error.code() in OUT_OF_RANGE:
                reader.fail_with(self._outside(partition, reader.accepted, error.str()))
            elif error.code() == BAD_BATCH:  # The client would skip it and go on.
                reader.fail_with(damaged(self._name, partition, error))
            else:
                reader.fail_with(self._cluster.unavailable(f"reading {self._name}", error))
        return True

    def _pause_full(self) -> None:
        """Pause partitions whose readers are all full; drop full readers beside others out."""
        for partition, readers in self._readers.items():
            full = [reader for reader in readers if len(reader.queue) >= QUEUE_MAX_RECORDS]
            if not full or partition in self._paused:
                continue
            if all(reader in full or reader.is_behind for reader in readers):
                self._paused.add(partition)
                self._consumer.pause([TopicPartition(self._name, partition)])
            else:
                for reader in full:
                    reader.is_behind = True

    def _refill(self, reader: KafkaReader) -> None:
        """Have this reader's records fetched again, if it was paused or had dropped out."""
        partition = reader.partition
        if reader.is_behind:
            reader.is_behind = False
            if reader.accepted < self._reached[partition]:
                self._fetch_from(partition, reader.accepted)
        if partition in self._paused:
            for other in self._readers[partition]:
                other.is_behind |= len(other.queue) >= QUEUE_MAX_RECORDS
            self._paused.discard(partition)
            self._consumer.resume([TopicPartition(self._name, partition)])

    def _fetch_from(self, partition: int, offset: int) -> None:
        if partition in self._reached:
            self._unassign(partition)
        self._consumer.incremental_assign([TopicPartition(self._name, partition, offset)])
        self._reached[partition] = offset

    def _unassign(self, partition: int) -> None:
        """Resume, then unassign: the client would keep the pause for the next assignment.

        In this order, as the client ignores a resume once the partition is being unassigned.
        """
        at = [TopicPartition(self._name, partition)]
        self._paused.discard(partition)
        self._consumer.resume(at)
        self._consumer.incremental_unassign(at)

    def _forget_outages(self) -> None:
        """Drop the errors that came while there was no reader: they do not concern a new one.

        After an outage of a minute the client had queued a thousand errors, and each topic's first
        one made the recovery start over: 15 s after the broker was back.
        """
        while not self._readers and self._consumer.consume(PUMP_RECORDS, 0):
            pass

    def _on_error(self, error: KafkaError) -> None:
        self._cluster.handshakes.note(error)
        if error.code() == ALL_BROKERS_DOWN:
            for reader in self.readers():
                reader.fail_with(self._cluster.unavailable(f"reading {self._name}", error))

    def _outside(self, partition: int, offset: int, found: str) -> CorruptLogError:
        return CorruptLogError(
            f"{self._name} partition {partition}: a reader starts at offset {offset}, but the log "
            f"has {found}. Nothing was read. A log that was cut or replaced cannot be resumed: "
            f"restore it, or rebuild from a verified close."
        )
