"""Leases by name: a transactional producer that the next holder fences, and an epoch as proof.

A process takes a name in two steps: it writes its epoch as the offset of the name's group, then
opens the producer with the name's transactional id. From then on the broker refuses every older
producer of that id and aborts what it has left open.

A producer is fenced in the same way when its transaction has timed out, so the refusal alone does
not say that the name was taken. The epoch does, and it is read in this order: a producer that
failed is replaced, and *then* the epoch is read, before anything is written. A process that takes
the name writes its epoch before it opens its producer. So either the read finds that epoch, or
the name is taken later, and that will fence the new producer too. An epoch that Kafka has forgotten
counts as another's.

Each append is a transaction of its own, so it is all or none. Readers wait at a transaction that
hangs open, hence its short time-out; the next holder ends it at once.

Whether a holder lives is a membership of a group, for one that would rather wait for it. It decides
nothing else.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from engine.log.kafka.client import (
    CALL_MAX_S,
    CLIENT_ERRORS,
    LOGGER,
    Cluster,
    error_of,
)
from engine.log.kafka.leases import members_of
from engine.log.kafka.topics import CLAIMS
from engine.log.kafka.writer import Deliveries, Pace, fencing, require_sizes
from engine.log.port import (
    INPUT_TOPICS,
    LeaseLostError,
    LogUnavailableError,
    NewRecord,
    RefusedByBrokerError,
)

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

TRANSACTION_MS = 2_000  # A holder that hangs in one holds readers up; a broker looks once a second.


class KafkaAppender:
    """The holder of a name, until another process takes it over."""

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        owner: str,
        session_timeout_ms: int,
        require_at_work: Callable[[], None],
    ) -> None:
        """`require_at_work` raises LogLeftError where another log goes on from this one."""
        self._cluster = cluster
        self._require_at_work = require_at_work
        self._name = name
        self._owner = owner
        self._epochs = Epochs(cluster, name)
        self._pace = Pace()
        self._epoch = self._epochs.raised()
        self._deliveries: Deliveries | None = self._opened()
        self._sign = SignOfLife(cluster, name, owner, session_timeout_ms)

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Raises ValueError for a topic that is no input, and for a record that is too large."""
        if topic not in INPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: inputs are appended to {', '.join(INPUT_TOPICS)}")
        require_sizes(topic, records)
        if not records:
            return
        self._require_at_work()
        deliveries = self._deliveries or self._reopened()
        self._deliveries = None  # Kept only if all goes well.
        self._pace.wait()
        began_s = time.monotonic()
        failed = deliveries.send_in_transaction({topic: records}) or committed(deliveries)
        if failed is not None:
            deliveries.close()
            self._require()
            raise self._cluster.unavailable(f"appending to {topic} as {self._name}", failed)
        self._pace.done(began_s)
        self._deliveries = deliveries

    def renew(self) -> None:
        self._sign.give()
        self._require()

    def close(self) -> None:
        self._sign.close()
        if self._deliveries is not None:
            self._deliveries.close()
            self._deliveries = None
        self._epochs.close()

    def _opened(self) -> Deliveries:
        what = f"taking {self._name} over"
        return fencing(self._cluster, f"name.{self._name}", TRANSACTION_MS, what)

    def _reopened(self) -> Deliveries:
        """A producer in the place of one that failed; the proof that counts comes after it."""
        self._require()  # So that a holder that has lost the name does not fence the next one.
        deliveries = self._opened()
        try:
            self._require()
        except Exception:
            deliveries.close()
            raise
        return deliveries

    def _require(self) -> None:
        if self._epochs.current() != self._epoch:
            raise LeaseLostError(
                f"{self._cluster.prefix}: another process has taken {self._name} over from "
                f"{self._owner}, which can write nothing more under that name."
            )


def committed(deliveries: Deliveries) -> KafkaError | None:
    """Commit the transaction; the error after which its outcome is unknown, or None."""
    try:
        deliveries.producer.commit_transaction(CALL_MAX_S)
    except CLIENT_ERRORS as error:
        return error_of(error)
    return None


class Epochs:
    """The epoch of a name's last holder: an offset of a group that has no members."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._group = cluster.topic(f"name.{name}")
        self._at = cluster.topic(CLAIMS)
        self._consumer = self._new_client()

    def current(self) -> int:
        """Negative if there is none, or none any more. Raises LogUnavailableError.

        Asked twice: for a process that was stopped meanwhile, the first time is over at once.
        """
        try:
            return self._asked()
        except RefusedByBrokerError:
            raise
        except LogUnavailableError:
            return self._asked()

    def _asked(self) -> int:
        try:
            (found,) = self._consumer.committed([TopicPartition(self._at, 0)], timeout=CALL_MAX_S)
        except KafkaException as error:
            raise self._unavailable("reading", error) from error
        return int(found.offset)

    def raised(self) -> int:
        """Write a higher epoch, and return it; two processes at once do not write the same one."""
        epoch = max(self.current() + 1, time.time_ns())
        offsets = [TopicPartition(self._at, 0, epoch)]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            raise self._unavailable("writing", error) from error
        return epoch

    def close(self) -> None:
        self._consumer.close()

    def _unavailable(self, doing: str, error: KafkaException) -> LogUnavailableError:
        said = self._consumer.poll(
            0
        )  # A refusal of the group is told there; the request times out.
        cause = said.error() if said is not None else None
        self._consumer.close()
        self._consumer = self._new_client()  # One that lived through an outage may get no answers.
        what = f"{doing} the epoch of group {self._group}"
        return self._cluster.unavailable(what, cause or error_of(error))

    def _new_client(self) -> Consumer:
        settings = self._cluster.config({"group.id": self._group, "enable.auto.commit": False})
        return Consumer(settings, logger=LOGGER)


class SignOfLife:
    """A membership that shows that a holder lives; the client keeps it without help."""

    def __init__(self, cluster: Cluster, name: str, owner: str, session_timeout_ms: int) -> None:
        settings = cluster.config(
            {
                "client.id": owner,
                "group.id": living_group(cluster, name),
                "group.protocol": "classic",
                "session.timeout.ms": session_timeout_ms,
                "heartbeat.interval.ms": session_timeout_ms // 4,
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",  # No record is ever in that topic.
            }
        )
        self._consumer = Consumer(settings, logger=LOGGER)
        self._consumer.subscribe([cluster.topic(CLAIMS)])
        self.give()

    def give(self) -> None:
        """Say that the process itself goes on; without it for five minutes it counts as dead."""
        self._consumer.poll(0)

    def close(self) -> None:
        self._consumer.close()


def living_group(cluster: Cluster, name: str) -> str:
    return cluster.topic(f"alive.{name}")


def holder(cluster: Cluster, admin: "AdminClient", name: str) -> str | None:
    """The living holder of a name; between two of them, the first by name."""
    group = living_group(cluster, name)
    return min(members_of(cluster, admin, [group]).get(group, {*()}), default=None)
