"""Read partitions in order: one consumer a topic, one queue a reader, positions counted here.

A `Feed` is the consumer of one topic. It takes what librdkafka has fetched and hands each record
to the readers of its partition; several may read the same one (every shard reads `controls`).
What is fetched ahead is bounded: a partition whose readers have all they can hold is paused, and
a slow reader beside a quick one drops out and later has the partition fetched again from where it
stopped, so nobody waits for anybody.

Where a log ends is not told by the last record: transaction markers and aborted records take
offsets too. The client says how far it has really read with its end-of-partition signal, and the
broker, asked at that moment, says how far the log is stable.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from engine.log.kafka_client import CALL_MAX_S, LOGGER, Cluster, error_of
from engine.log.port import (
    OUTPUT_TOPICS,
    CorruptLogError,
    Headers,
    LogUnavailableError,
    Record,
    Start,
)

FETCH_WAIT_MS = 50  # How late a reader may learn that only a marker followed its last record.
PROBE_WAIT_MS = 2  # The same for a search of the last record; such a consumer is rarely busy.
PUMP_RECORDS = 1_000  # Taken from the client in one call.
READ_MAX_RECORDS = 5_000  # Returned at once: fewer than pause the partition.
SETTLE_MAX_S = 1.0  # How long an acknowledged commit may take to become readable.
SETTLE_STEP_S = 0.0005
RETRY_S = 0.02
QUEUE_MAX_RECORDS = 10_000  # A reader holds about so many; then its partition is paused.
QUEUE_LOW_RECORDS = 2_000  # Then it is fetched again.
PREFETCH_MAX_KBYTES = 4_096  # Per partition, inside the client.
LAST_SEARCH_OFFSETS = 16  # The first step back from the end; doubled until a record is found.
OUT_OF_RANGE = frozenset(
    {
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001 (the client's public name)
        KafkaError.OFFSET_OUT_OF_RANGE,
    }
)
END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001
ALL_BROKERS_DOWN = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001


def headers_of(message: Message) -> Headers:
    found = message.headers()
    return tuple(found) if found else ()  # type: ignore[arg-type]  # Pairs of str and bytes.


class Ends:
    """Asks the brokers where partitions begin and end, on connections that never fetch.

    A question on a consumer's own connection would wait behind its long poll: 50 ms, not 0.5.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stable = Consumer(cluster.reading(), logger=LOGGER)
        self._high = Consumer(
            cluster.reading({"isolation.level": "read_uncommitted"}), logger=LOGGER
        )

    def of(self, topic: str, partition: int) -> tuple[int, int]:
        """The first offset and the last stable offset: before it everything is decided."""
        return self._ask(self._stable, topic, partition)

    def settled(self, topic: str, partition: int) -> tuple[int, int]:
        """The same, once what is committed by now is stable.

        A commit is acknowledged when it is decided; its markers, which make it readable, follow
        within milliseconds. A transaction that stays open (nobody's but a stranger's) is not
        waited for.
        """
        if topic not in OUTPUT_TOPICS:
            return self.of(topic, partition)  # Inputs are written without transactions.
        _, high = self._ask(self._high, topic, partition)
        deadline_s = time.monotonic() + SETTLE_MAX_S
        while True:
            first, end = self.of(topic, partition)
            if end >= high:
                return first, end
            if time.monotonic() > deadline_s:
                LOGGER.warning(
                    "%s partition %d: stable to offset %d, written to %d: a transaction is open",
                    self._cluster.topic(topic),
                    partition,
                    end,
                    high,
                )
                return first, end
            time.sleep(SETTLE_STEP_S)

    def close(self) -> None:
        self._stable.close()
        self._high.close()

    def _ask(self, consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
        at = TopicPartition(self._cluster.topic(topic), partition)
        deadline_s = time.monotonic() + CALL_MAX_S
        while True:
            left_s = max(0.1, deadline_s - time.monotonic())
            try:
                return consumer.get_watermark_offsets(at, timeout=left_s, cached=False)
            except KafkaException as error:
                cause = error_of(error).str()
                if time.monotonic() > deadline_s:
                    raise self._cluster.unavailable(
                        f"asking for the end of {at.topic}", cause
                    ) from error
            time.sleep(RETRY_S)  # A leader is being chosen, or the broker is coming back.


class KafkaReader:
    """One reader of one partition; belongs to its feed, which fills the queue."""

    def __init__(self, feed: "Feed", partition: int, start: Start) -> None:
        self.partition = partition
        self.queue: deque[Record] = deque()
        self.accepted = start.offset  # The next offset that the queue would take.
        self.position = start.position  # Of the next record that it takes.
        self.is_behind = False  # Dropped out: records from `accepted` on went by.
        self.is_read = False  # Read since the last wait, so what it holds is news.
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

    def at_end(self) -> bool:
        end = self._feed.end(self.partition)
        self._feed.pump()
        self.fail()
        return self.accepted >= end and not (self.queue and self.queue[0].offset < end)

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
        self._reached: dict[int, int] = {}  # The offset that the consumer hands out next.
        self._paused: set[int] = set()
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
        first, end = self._ends.of(self.topic, partition)
        if not first <= start.offset <= end:
            raise self._outside(partition, start.offset, f"offsets {first} to {end}")
        reader = KafkaReader(self, partition, start)
        with self._lock:
            others = self._readers.setdefault(partition, [])
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
                self._paused.discard(reader.partition)
                at = TopicPartition(self._name, reader.partition)
                self._consumer.incremental_unassign([at])

    def end(self, partition: int) -> int:
        """Beyond every record that is committed now."""
        return self._ends.settled(self.topic, partition)[1]

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
            return taken

    def pump(self) -> bool:
        """Hand out what has been fetched, without waiting; True if a reader learned of anything."""
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
                    self._hand_out(message)
                    is_news = True
            self._hold_back()
            return is_news

    def close(self) -> None:
        with self._lock:
            self._readers.clear()
            self._consumer.close()

    def _hand_out(self, message: Message) -> None:
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
        """Something that is no record: the end of a partition, or an error. True if it is news."""
        error, partition, offset = message.error(), message.partition(), message.offset()
        assert error is not None
        if partition is None or partition not in self._readers:
            return False
        readers = self._readers[partition]
        if error.code() == END_OF_PARTITION:
            assert offset is not None
            self._reached[partition] = offset
            passed = [r for r in readers if r.accepted < offset and not r.is_behind]
            for reader in passed:
                reader.accepted = offset  # Only markers and aborted records lay between.
            return bool(passed)
        for reader in readers:
            if error.code() in OUT_OF_RANGE:
                reader.failure = self._outside(partition, reader.accepted, error.str())
            else:
                reader.failure = self._cluster.unavailable(f"reading {self._name}", error.str())
        return True

    def _hold_back(self) -> None:
        """Pause partitions whose readers are all full; leave behind who is full among others."""
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
        """Let the records of this reader flow, if they were held back or went by."""
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
        at = TopicPartition(self._name, partition, offset)
        if partition in self._reached:
            self._consumer.incremental_unassign([TopicPartition(self._name, partition)])
            self._paused.discard(partition)
        self._consumer.incremental_assign([at])
        self._reached[partition] = offset

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == ALL_BROKERS_DOWN:
            for reader in self.readers():
                reader.failure = self._cluster.unavailable(f"reading {self._name}", error.str())

    def _outside(self, partition: int, offset: int, found: str) -> CorruptLogError:
        return CorruptLogError(
            f"{self._name} partition {partition}: a reader starts at offset {offset}, but the log "
            f"has {found}. Nothing was read. A log that was cut or replaced cannot be resumed: "
            f"restore it, or rebuild from a verified close."
        )


class LastSearch:
    """Finds the last committed record of a partition, searching backwards in doubling steps."""

    def __init__(self, cluster: Cluster, ends: Ends) -> None:
        self._cluster = cluster
        self._ends = ends
        self._lock = threading.Lock()
        settings = cluster.reading({"fetch.wait.max.ms": PROBE_WAIT_MS})
        self._consumer = Consumer(settings, logger=LOGGER)

    def last(self, topic: str, partition: int) -> Record | None:
        first, end = self._ends.settled(topic, partition)
        step = LAST_SEARCH_OFFSETS
        with self._lock:
            while first < end:
                start = max(first, end - step)
                message = self._last_from(topic, partition, start, end)
                if message is not None:
                    return record_of(message)
                if start == first:
                    break
                step *= 2
        return None

    def close(self) -> None:
        self._consumer.close()

    def _last_from(self, topic: str, partition: int, start: int, end: int) -> Message | None:
        """The last record from `start` on, or None if everything up to `end` is no record."""
        name = self._cluster.topic(topic)
        deadline_s = time.monotonic() + CALL_MAX_S
        last: Message | None = None
        cause = "no answer"
        self._consumer.assign([TopicPartition(name, partition, start)])
        try:
            while time.monotonic() < deadline_s:
                message = self._consumer.poll(0.1)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    last = message
                elif error.code() != END_OF_PARTITION:
                    cause = error.str()  # The client goes on trying.
                    continue
                offset = message.offset()
                assert offset is not None
                if offset >= (end if error is not None else end - 1):
                    return last
        finally:
            self._consumer.unassign()
        raise self._cluster.unavailable(f"reading the end of {name}", cause)


def record_of(message: Message) -> Record:
    """A record whose position is unknown."""
    offset = message.offset()
    assert offset is not None
    return Record(
        offset,
        -1,
        message.timestamp()[1],
        message.key(),
        headers_of(message),
        message.value() or b"",
    )
