"""Where a partition ends, and the last record before that.

Where a log ends is not told by the last record: transaction markers and aborted records take
offsets too. The client says how far it has really read with its end-of-partition signal, and the
broker, asked at that moment, says how far the log is stable.
"""

import threading
import time
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from engine.log.kafka_client import CALL_MAX_S, LOGGER, Cluster, error_of
from engine.log.port import OUTPUT_TOPICS, Headers, Record

PROBE_WAIT_MS = 2  # A long poll would hold up each step of the search; its consumer is mostly idle.
LAST_SEARCH_OFFSETS = 16  # The first step back from the end; doubled until a record is found.
SETTLE_MAX_S = 1.0  # How long an acknowledged commit may take to become readable.
SETTLE_STEP_S = 0.0005
RETRY_S = 0.02
END_OF_PARTITION = KafkaError._PARTITION_EOF  # noqa: SLF001 (the client's public name)


def headers_of(message: Message) -> Headers:
    """A header may have no value; the port's has an empty one."""
    found: Any = message.headers() or ()  # The library's type leaves the pairs open.
    return tuple((name, value or b"") for name, value in found)


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
