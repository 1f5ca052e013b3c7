"""The log port over Kafka; its guarantees and their reasons are in the package."""

import threading
import time
from collections.abc import Mapping, Sequence

from engine.log.kafka import identity, topics
from engine.log.kafka.client import Cluster
from engine.log.kafka.ends import Ends, LastSearch, Location
from engine.log.kafka.leases import KafkaLeases
from engine.log.kafka.names import KafkaAppender, holder
from engine.log.kafka.owners import owners_of
from engine.log.kafka.reader import Feed, KafkaReader
from engine.log.kafka.writer import Appender, KafkaWriter, write_first
from engine.log.port import (
    ALL_TOPICS,
    BEGINNING,
    SHARED_TOPICS,
    Closeable,
    FirstRecords,
    Identity,
    Lease,
    LeaseLostError,
    LogLeftError,
    NewRecord,
    NotEmptyError,
    Reader,
    Record,
    Start,
)
from engine.log.security import OPEN, Security

PREFIX = "metaorder"
SESSION_TIMEOUT_MS = 6_000  # How long a dead worker's shards wait: the fail-over time.
WAIT_FIRST_S = 0.000_25  # The first pause between two looks for records, then ever longer ...
WAIT_LAST_S = 0.004  # ... to this: an idle worker takes a few percent of a core.
WAIT_GROWTH = 0.05  # Of the time waited so far.
IDENTITY_EVERY_S = 5.0  # How often a sender asks whether another log goes on from this one.


class KafkaLog(Closeable):
    """The log of one engine: all its topics carry `prefix`."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str = PREFIX,
        partitions: int = 8,
        session_timeout_ms: int | None = None,
        security: Security = OPEN,
    ) -> None:
        """Open the topics that `metaorder topics create` made.

        Raises LogUnavailableError, SecurityError; CorruptLogError if the topics would lose or
        misplace records; EngineError if there are none.
        """
        self._cluster = Cluster.secured(bootstrap, prefix or PREFIX, security)
        self._partitions = partitions
        self._session_timeout_ms = session_timeout_ms or SESSION_TIMEOUT_MS
        self._admin = topics.admin_of(self._cluster)
        self._has_identity = topics.require(self._cluster, self._admin, partitions)
        self._ends = Ends(self._cluster)
        self._search = LastSearch(self._cluster, self._ends)
        self._appender = Appender(self._cluster)
        self._lock = threading.Lock()
        self._feeds: dict[str, Feed] = {}
        self._leases: list[KafkaLeases] = []
        self._writers: list[KafkaWriter] = []
        self._appenders: list[KafkaAppender] = []
        self._asked_s = -IDENTITY_EVERY_S  # When the identity was read last, by `append`.

    @property
    def partitions(self) -> int:
        return self._partitions

    @property
    def identity(self) -> Identity:
        return identity.read(self._search) if self._has_identity else Identity("")

    def leave(self, for_id: str) -> None:
        name = self._cluster.prefix
        identity.require_topic(is_there=self._has_identity, name=name)
        left_for = self.identity.left_for
        if left_for not in ("", for_id):
            raise LogLeftError(
                f"{name} was left for log {left_for} before, and one log alone goes on from a "
                "close. Nothing was written."
            )
        if not left_for:
            identity.write(self._appender, {"left_for": for_id})

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        self._require_at_work()
        self._appender.append(topic, records)

    def _require_at_work(self) -> None:
        """Ask now and then. Raises LogLeftError, LogUnavailableError."""
        if time.monotonic() - self._asked_s >= IDENTITY_EVERY_S:
            self.identity.require_at_work(self._cluster.prefix)
            self._asked_s = time.monotonic()

    def initialize(self, make: FirstRecords) -> None:
        """In one transaction over all topics; its id fences an earlier attempt that died."""

        def first() -> Mapping[str, Sequence[NewRecord]]:
            self._require_empty()
            ends = self._ends.high([Location(topic, 0) for topic in SHARED_TOPICS])
            return make(dict(zip(SHARED_TOPICS, ends, strict=True)))

        write_first(self._cluster, first)

    def _require_empty(self) -> None:
        for topic in ALL_TOPICS:
            for partition in range(1 if topic in SHARED_TOPICS else self._partitions):
                if self.last(topic, partition) is not None:
                    raise NotEmptyError(
                        f"{self._cluster.topic(topic)} holds records already. Nothing was "
                        "written; give a prefix that no log has used."
                    )

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> KafkaReader:
        with self._lock:  # Each new shard may be rebuilt in a thread of its own.
            feed = self._feeds.get(topic)
            if feed is None:
                feed = self._feeds[topic] = Feed(self._cluster, topic, self._ends)
        return feed.attach(partition, start)

    def at_ends(self, readers: Sequence[Reader]) -> bool:
        mine = [reader for reader in readers if isinstance(reader, KafkaReader)]
        assert len(mine) == len(readers)
        ends = self._ends.settled([reader.location for reader in mine])
        return all(reader.has_returned(end) for reader, end in zip(mine, ends, strict=True))

    def last(self, topic: str, partition: int) -> Record | None:
        return self._search.last(topic, partition)

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        return self._search.records_before(Location(topic, partition), offset, count)

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        return self._search.offset_since(Location(topic, partition), timestamp_ms)

    def offset_after(self, topic: str, offset: int) -> int | None:  # noqa: ARG002  The port's.
        """Left open: any number of markers and aborted records may follow."""
        return None

    def wait(self, timeout_s: float) -> None:
        """Polls every consumer in turn: a quarter of a millisecond apart, later four."""
        with self._lock:
            feeds = list(self._feeds.values())
        began_s = now_s = time.monotonic()
        is_news = [reader.is_read and bool(reader.queue) for f in feeds for reader in f.readers()]
        for feed in feeds:
            for reader in feed.readers():
                reader.is_read = False  # Records that are not read end only one wait.
        if any(is_news):
            return
        while True:
            if any([feed.pump() for feed in feeds]):  # noqa: C419 (all of them, not up to the first)
                return
            left_s = began_s + timeout_s - now_s
            if left_s <= 0:
                return
            pause_s = min(WAIT_LAST_S, WAIT_FIRST_S + (now_s - began_s) * WAIT_GROWTH)
            time.sleep(min(pause_s, left_s))
            now_s = time.monotonic()

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> KafkaLeases:
        leases = KafkaLeases(
            self._cluster, self._admin, owner, shards, self._session_timeout_ms, self._partitions
        )
        self._leases.append(leases)
        return leases

    def owners(self) -> Mapping[int, str]:
        return owners_of(self._cluster, self._admin, self._partitions)

    def writer(self, lease: Lease) -> KafkaWriter:
        leases = next((found for found in self._leases if found.holds(lease)), None)
        if leases is None or not leases.prove(lease):
            raise LeaseLostError(
                f"shard {lease.shard}: {lease.owner} does not hold the lease of epoch "
                f"{lease.epoch} in this process. Wait for `poll` to bring it."
            )
        writer = KafkaWriter(
            self._cluster, lease, self._session_timeout_ms, leases.holds, leases.prove
        )
        self._writers.append(writer)
        return writer

    def take_over(self, name: str, owner: str) -> KafkaAppender:
        appender = KafkaAppender(
            self._cluster, name, owner, self._session_timeout_ms, self._require_at_work
        )
        self._appenders.append(appender)
        return appender

    def holder(self, name: str) -> str | None:
        return holder(self._cluster, topics.admin_of(self._cluster), name)

    def close(self) -> None:
        """Leases last: the next owner must find no transaction of ours still open."""
        for writer in self._writers:
            writer.close()
        for appender in self._appenders:
            appender.close()
        for leases in self._leases:
            leases.close()
        for feed in self._feeds.values():
            feed.close()
        self._writers, self._appenders, self._leases, self._feeds = [], [], [], {}
        self._appender.close()
        self._search.close()
        self._ends.close()
