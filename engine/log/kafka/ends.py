"""End offset and last records of a partition.

The last record does not show where a partition ends: transaction markers and aborted records take
offsets too. The client's end-of-partition signal says how far it has really read, and the broker,
asked at that moment, how far the log is stable.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from engine.log.kafka.client import (
    CALL_MAX_S,
    LOGGER,
    NOT_AUTHORIZED,
    Cluster,
    error_of,
    learn_leaders,
)
from engine.log.port import OUTPUT_TOPICS, CorruptLogError, Headers, Record

PROBE_WAIT_MS = 2  # A long poll would delay each step of the search; its consumer is mostly idle.
ALL = 2**62  # More records than any partition has.
LAST_SEARCH_OFFSETS = 16  # The first step back from the end; doubled until a record is found.
SETTLE_MAX_S = 1.0  # How long an acknowledged commit may take to become readable.
SETTLE_STEP_S = 0.0005
RETRY_S = 0.02
ASK_FIRST_S = 1.0  # A leader that does not answer by then may have been replaced; doubled each try.
LATER_MAX_S = 1.0  # No caller waits for such a request, so it is tried again soon.
END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001 (the client's public name)
BAD_BATCH = KafkaError._BAD_MSG  # noqa: SLF001 (the client's public name)


def headers_of(message: Message) -> Headers:
    """The message's headers; one without a value has an empty one in the port."""
    found: Any = message.headers() or ()  # The library's type leaves the pairs open.
    return tuple((name, value or b"") for name, value in found)


def damaged(name: str, partition: int, error: KafkaError) -> CorruptLogError:
    return CorruptLogError(
        f"{name} partition {partition}: {error.str()}. The broker's copy is not what was written "
        f"to it, or was changed on the way: restore that replica from an intact one."
    )


class Location(NamedTuple):
    """A partition of one of the log's topics."""

    topic: str
    partition: int


class Ends:
    """Asks the brokers where partitions begin and end, on connections that never fetch.

    A question on a consumer's own connection would wait behind its long poll: 50 ms, not 0.4.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._asking = ThreadPoolExecutor(1, "kafka-ends")
        self._stable = Consumer(cluster.reading(), logger=LOGGER)
        self._high = Consumer(
            cluster.reading({"isolation.level": "read_uncommitted"}), logger=LOGGER
        )
        for consumer in (self._stable, self._high):
            learn_leaders(consumer)

    def first(self, location: Location) -> int:
        """The oldest offset that the broker still has."""
        return self._ask(self._stable, [location], OFFSET_BEGINNING)[0]

    def stable(self, locations: Sequence[Location]) -> list[int]:
        """The last stable offsets, in one request: all transactions before them have ended."""
        return self._ask(self._stable, locations, OFFSET_END)

    def stable_later(self, locations: Sequence[Location]) -> Future[list[int]]:
        """The same without waiting; it fails with LogUnavailableError after LATER_MAX_S."""
        return self._asking.submit(self._ask, self._stable, locations, OFFSET_END, LATER_MAX_S)

    def name(self, topic: str) -> str:
        """The topic's name in the cluster."""
        return self._cluster.topic(topic)

    def high(self, locations: Sequence[Location]) -> list[int]:
        """The high watermarks: the offsets of the next records."""
        return self._ask(self._high, locations, OFFSET_END)

    def settled(self, locations: Sequence[Location]) -> list[int]:
        """The last stable offsets, once every commit acknowledged by now is stable.

        A commit is acknowledged when it is decided; its markers, which make it readable, follow
        within milliseconds. A transaction that stays open, which only another program's can, is not
        waited for.
        """
        if all(location.topic not in OUTPUT_TOPICS for location in locations):
            return self.stable(locations)  # Inputs are written without transactions.
        highs = self.high(locations)
        deadline_s = time.monotonic() + SETTLE_MAX_S
        while True:
            ends = self.stable(locations)
            late = [n for n, end in enumerate(ends) if end < highs[n]]
            if not late:
                return ends
            if time.monotonic() > deadline_s:
                for n in late:
                    self._log_open(locations[n], ends[n], highs[n])
                return ends
            time.sleep(SETTLE_STEP_S)

    def close(self) -> None:
        self._asking.shutdown(cancel_futures=True)
        self._stable.close()
        self._high.close()

    def _log_open(self, location: Location, end: int, high: int) -> None:
        LOGGER.warning(
            "%s partition %d: stable to offset %d, written to %d: a transaction is open",
            self._cluster.topic(location.topic),
            location.partition,
            end,
            high,
        )

    def _ask(
        self,
        consumer: Consumer,
        locations: Sequence[Location],
        which: int,
        max_s: float = CALL_MAX_S,
    ) -> list[int]:
        """One request to each leader; the watermarks' own call makes two for each partition."""
        asked = [
            TopicPartition(self._cluster.topic(topic), partition, which)
            for topic, partition in locations
        ]
        deadline_s = time.monotonic() + max_s
        patience_s = ASK_FIRST_S
        while True:
            left_s = max(0.1, deadline_s - time.monotonic())
            try:
                answers = consumer.offsets_for_times(asked, timeout=min(patience_s, left_s))
                failed = next((answer.error for answer in answers if answer.error), None)
            except KafkaException as error:
                failed = error_of(error)
            if failed is None:
                return [answer.offset for answer in answers]
            consumer.poll(0)  # The client's logs and errors wait for a poll.
            if time.monotonic() > deadline_s or failed.code() in NOT_AUTHORIZED:
                names = ", ".join(at.topic for at in asked)
                raise self._cluster.unavailable(f"asking for the end of {names}", failed)
            time.sleep(RETRY_S)  # A leader is being chosen, or the broker is coming back.
            patience_s *= 2
            learn_leaders(consumer)


class LastSearch:
    """Finds the last committed records of a partition, searching backwards in doubling steps."""

    def __init__(self, cluster: Cluster, ends: Ends) -> None:
        self._cluster = cluster
        self._ends = ends
        self._lock = threading.Lock()
        settings = cluster.reading({"fetch.wait.max.ms": PROBE_WAIT_MS})
        self._consumer = Consumer(settings, logger=LOGGER)

    def last(self, topic: str, partition: int) -> Record | None:
        found = self.records_before(Location(topic, partition), None, LAST_SEARCH_OFFSETS)
        return found[-1] if found else None

    def records_before(self, location: Location, offset: int | None, count: int) -> list[Record]:
        """The records of the last `count` offsets before this one, or of more if they hold none."""
        first, (end,) = self._ends.first(location), self._ends.settled([location])
        end = end if offset is None else min(end, offset)
        step = count
        with self._lock:
            while first < end:
                start = max(first, end - step)
                found = self._between(location, start, end)
                if found:
                    return found
                if start == first:
                    break
                step *= 2
        return []

    def offset_since(self, location: Location, timestamp_ms: int) -> int:
        """Steps back until it meets an older record, then bisects the offsets between.

        The broker's own index by time counts markers too, and these have the broker's time.
        """
        first, (high,) = self._ends.first(location), self._ends.settled([location])
        step, low, end = LAST_SEARCH_OFFSETS, first, high
        begins = end  # Not `low`: if no record is that new, the answer is the end.
        with self._lock:
            while first < high:
                at = max(first, end - step)
                found = self._between(location, at, end, 1)
                if found and found[0].timestamp_ms < timestamp_ms:
                    low = found[0].offset + 1
                    break
                begins = found[0].offset if found else begins
                high = at
                step *= 2
            while low < high:
                middle = (low + high) // 2
                found = self._between(location, middle, end, 1)
                if found and found[0].timestamp_ms < timestamp_ms:
                    low = found[0].offset + 1
                else:
                    begins = found[0].offset if found else begins
                    high = middle
        return begins

    def close(self) -> None:
        self._consumer.close()

    def _between(self, location: Location, start: int, end: int, most: int = ALL) -> list[Record]:
        """The records from `start` to before `end`, the first `most` of them."""
        name, partition = self._cluster.topic(location.topic), location.partition
        deadline_s = time.monotonic() + CALL_MAX_S
        found: list[Record] = []
        cause: object = "no answer"
        learn_leaders(self._consumer, name)
        self._consumer.assign([TopicPartition(name, partition, start)])
        try:
            while time.monotonic() < deadline_s:
                message = self._consumer.poll(0.1)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    found.append(record_of(message))
                elif error.code() == BAD_BATCH:
                    raise damaged(name, partition, error)
                elif error.code() != END_OF_PARTITION:
                    cause = error  # The client goes on trying.
                    if error.code() in NOT_AUTHORIZED:
                        break
                    continue
                offset = message.offset()
                assert offset is not None
                is_end = offset >= (end if error is not None else end - 1)
                if is_end or len(found) >= most:
                    return [record for record in found if record.offset < end]
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
