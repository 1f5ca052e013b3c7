"""One membership of a consumer group, and the thread that keeps it.

Only this thread touches its client, which is locked while it polls and calls back. So rebalances,
proofs and the wait for a worker to finish with a revoked shard do not depend on the worker's loop.
If that loop does not poll for half a minute, the thread stops polling too, and the group assigns
the shards to other members.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from engine.core.units import NS_PER_MS
from engine.log.kafka.client import CALL_MAX_S, CLIENT_ERRORS, LOGGER, Cluster, error_of
from engine.log.kafka.orphans import Orphans
from engine.log.kafka.topics import CLAIMS
from engine.log.port import Lease, LogUnavailableError

HEARTBEAT_MS = 100  # How soon competing members learn of a rebalance; a hand-over takes two.
CLAIM_HEARTBEAT_MS = 1_000  # A group of one has no rebalances.
SILENCE_MAX_S = 30.0  # A worker whose loop is silent for longer loses its shards.
POLL_S = 0.02
LEAVE_MAX_S = 3.0
LEAVE_SENT_S = 0.1  # The request is on its way when the member's id is gone.
FOREIGN_CHECK_S = 0.5
GHOST_SESSIONS = 2  # A ghost is gone after one; the broker's timer takes some more.
REFUSED = frozenset(
    {
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError._FATAL,  # noqa: SLF001 (the client's public name)
        KafkaError._FENCED,  # noqa: SLF001
        KafkaError._STATE,  # noqa: SLF001
    }
)


class LeaseProof:
    """A request of the worker's thread to the membership's: is this lease held?"""

    def __init__(self, lease: Lease, deadline_s: float) -> None:
        self.lease = lease
        self.deadline_s = deadline_s
        self.answered = threading.Event()
        self.is_held = False
        self.failure: LogUnavailableError | None = None


class Leases(Protocol):
    """The part of the leases that their membership uses."""

    owner: str
    session_timeout_ms: int

    def holds(self, lease: Lease) -> bool:
        """Whether the lease is held, as far as this process knows."""

    def is_silent(self) -> bool:
        """Whether the worker's loop has stopped polling."""

    def foreign(self, shards: Sequence[int]) -> set[int]:
        """Those of the shards that a member of the other kind holds."""

    def is_taken(self, group: str) -> bool:
        """Whether a member of the group has this worker's name. Raises LogUnavailableError."""

    def is_finishing(self, shards: Sequence[int]) -> bool:
        """Whether the worker has not yet released some of these revoked shards."""

    def on_assigned(self) -> None:
        """Shards were assigned; they have no epoch yet."""

    def on_gained(self, lease: Lease) -> None:
        """A shard is held from now on."""

    def on_revoked(self, shards: Sequence[int]) -> None:
        """The group has revoked the shards; it waits for their release."""

    def on_lost(self, shards: Sequence[int]) -> None:
        """The shards may be another member's by now."""

    def on_fenced(self, group: str, error: object) -> None:
        """The membership is over for good."""


class Membership:
    """One static member of one group, and the thread that keeps it there."""

    def __init__(
        self,
        cluster: Cluster,
        leases: Leases,
        group: str,
        topic: str,
        claimed: int | None,
        orphans: Orphans | None = None,
    ) -> None:
        """`orphans` of a competing membership: it sees to it that every shard has an owner."""
        self.group = group
        self._cluster = cluster
        self._leases = leases
        self._topic = cluster.topic(topic)
        self._claimed = claimed  # The shard of the one partition of `claims`; None when competing.
        self._without_epoch: dict[
            int, int
        ] = {}  # Assigned shards by partition; epoch not yet raised.
        self._partition_of: dict[int, int] = {}
        self._is_leaving = False
        self._orphans = orphans
        self._asks_for_all = False  # Subscribed so that the group assigns all shards anew.
        self._checked_s = 0.0
        self._consumer = self._new_client()
        self._proofs: deque[LeaseProof] = deque()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease {group}", daemon=True)

    def _new_client(self) -> Consumer:
        session_ms = self._leases.session_timeout_ms
        heartbeat_ms = HEARTBEAT_MS if self._claimed is None else CLAIM_HEARTBEAT_MS
        settings = self._cluster.config(
            {
                "group.id": self.group,
                "group.instance.id": self._leases.owner,
                "group.protocol": "classic",
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": session_ms,
                "heartbeat.interval.ms": min(heartbeat_ms, session_ms // 4),
                "max.poll.interval.ms": max(session_ms, int(SILENCE_MAX_S * 1000)),
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
            }
        )
        return Consumer(settings, logger=LOGGER)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        self._is_leaving = True
        self._wake.set()

    def join(self) -> None:
        self._thread.join()

    def wake(self) -> None:
        """End the thread's present wait."""
        self._wake.set()

    def prove(self, lease: Lease) -> bool:
        """Whether the group lets this member commit on the shard's partition.

        Raises LogUnavailableError.
        """
        proof = LeaseProof(lease, time.monotonic() + CALL_MAX_S)
        self._proofs.append(proof)
        self._wake.set()
        while not proof.answered.wait(POLL_S):
            if not self._thread.is_alive():
                return False
            if time.monotonic() > proof.deadline_s + CALL_MAX_S:
                raise self._cluster.unavailable(f"proving the lease {lease}", "no answer")
        if proof.failure is not None:
            raise proof.failure
        return proof.is_held

    def _serve(self) -> None:
        """Answer the requested proofs; one that a rebalance interrupts is tried again later."""
        for _ in range(len(self._proofs)):
            proof = self._proofs.popleft()
            if self._try(proof):
                proof.answered.set()
            else:
                self._proofs.append(proof)

    def _try(self, proof: LeaseProof) -> bool:
        """True if the proof has its answer."""
        lease = proof.lease
        partition = self._partition_of.get(lease.shard)
        member_id = self._consumer.memberid()
        if partition is None or not member_id or not self._leases.holds(lease):
            return True
        cause = self._commit(partition, lease.epoch)
        if cause is None:
            # Without a member id an empty group accepts the commit from any client.
            proof.is_held = self._consumer.memberid() == member_id and self._leases.holds(lease)
            return True
        if cause.code() in REFUSED:
            return True
        if time.monotonic() > proof.deadline_s:
            proof.failure = self._cluster.unavailable(
                f"proving the lease of shard {lease.shard}", cause
            )
            return True
        return False  # In a rebalance, or the coordinator is away: ask again.

    def _commit(self, partition: int, epoch: int) -> KafkaError | None:
        offsets = [TopicPartition(self._topic, partition, epoch)]
        try:
            (answer,) = self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            return error_of(error)
        return answer.error

    def _run(self) -> None:
        while self._is_fenced_by_a_ghost():
            LOGGER.warning("group %s: no living member has its name; joining again", self.group)
            self._consumer = self._new_client()

    def _is_fenced_by_a_ghost(self) -> bool:
        """Be a member until it leaves or is fenced; True if no living member has its name then.

        A broker that has hung answers a request to join that its sender has given up, and so gives
        the name to a ghost: the sender is fenced by its own request. A ghost sends no heartbeat and
        is gone after a session; a successor of the same name stays.
        """
        try:
            self._be_a_member()
        except CLIENT_ERRORS as error:
            cause = error_of(error)
            self._drop(list(self._partition_of))
            LOGGER.warning(
                "group %s: fenced (%s); asking which member has its name", self.group, cause
            )
            if self._comes_free():
                return True
            self._leases.on_fenced(self.group, cause.str())
        finally:
            self._drop(list(self._partition_of))
            self._consumer.close()
        return False

    def _comes_free(self) -> bool:
        """Whether this name comes free sooner than a living member would lose it.

        A broker that comes back gives each member its session anew, a ghost too: so the time counts
        from the last question that found no broker.
        """
        patience_s = GHOST_SESSIONS * self._leases.session_timeout_ms / 1000
        deadline_s = time.monotonic() + patience_s
        while not self._is_leaving and time.monotonic() < deadline_s:
            try:
                if not self._leases.is_taken(self.group):
                    return True
            except LogUnavailableError as error:
                LOGGER.warning("group %s: %s", self.group, error)
                deadline_s = time.monotonic() + patience_s
            self._wake.wait(FOREIGN_CHECK_S)
        return False

    def _be_a_member(self) -> None:
        self._subscribe(asks_for_all=False)
        while not self._is_leaving:
            if not self._leases.is_silent():  # Else the group shall notice that the worker hangs.
                self._call_back()
            self._serve()
            self._gain()
            self._adopt()
            self._pause()
        self._leave_group()

    def _subscribe(self, *, asks_for_all: bool) -> None:
        """Join, or join again. With one more topic, that is not read, all shards are assigned anew.

        A member that joins again as it was changes nothing; a subscription that differs does.
        """
        more = [self._cluster.topic(CLAIMS)] if asks_for_all else []
        self._asks_for_all = asks_for_all
        self._consumer.subscribe(
            [self._topic, *more],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def _adopt(self) -> None:
        """Have shards assigned that no member has, and then be subscribed as before."""
        is_needed = None if self._orphans is None else self._orphans.stand_in(self._leases.owner)
        if is_needed is not None and is_needed != self._asks_for_all:
            self._subscribe(asks_for_all=is_needed)

    def _call_back(self) -> None:
        """Let the client call back. Raises KafkaException for an error that ends a membership."""
        message = self._consumer.poll(0)
        error = None if message is None else message.error()
        # Of such an error `fatal()` is false: confluent-kafka-python, issue 869.
        if error is not None and error.code() == KafkaError._FATAL:  # noqa: SLF001 (as above)
            raise KafkaException(error)

    def _pause(self) -> None:
        self._wake.wait(POLL_S)
        self._wake.clear()

    def _leave_group(self) -> None:
        """Leave the group: after closing alone a static member stays for a session."""
        self._consumer.unsubscribe()
        deadline_s = time.monotonic() + LEAVE_MAX_S
        while self._consumer.memberid() and time.monotonic() < deadline_s:
            self._consumer.poll(POLL_S)
        self._consumer.poll(LEAVE_SENT_S)

    def _gain(self) -> None:
        """Gain newly assigned shards, each with a higher epoch; a rebalance delays it."""
        if not self._without_epoch:
            return
        now_s = time.monotonic()
        if self._checked_s and now_s - self._checked_s < FOREIGN_CHECK_S:
            return
        try:
            foreign = self._leases.foreign(list(self._without_epoch))
            for shard, partition in list(self._without_epoch.items()):
                if shard not in foreign:
                    self._raise_epoch(shard, partition)
        except LogUnavailableError as error:
            LOGGER.warning("group %s: %s", self.group, error)
        self._checked_s = now_s if self._without_epoch else 0.0

    def _raise_epoch(self, shard: int, partition: int) -> None:
        at = TopicPartition(self._topic, partition)
        try:
            (found,) = self._consumer.committed([at], timeout=CALL_MAX_S)
        except KafkaException as error:
            LOGGER.warning("group %s: %s", self.group, error_of(error).str())
            return
        epoch = max(found.offset + 1, time.time_ns() // NS_PER_MS)
        cause = self._commit(partition, epoch)
        if cause is not None:
            LOGGER.info("group %s: shard %d not yet gained: %s", self.group, shard, cause.str())
            return
        del self._without_epoch[shard]
        self._leases.on_gained(Lease(shard, self._leases.owner, epoch))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # The offset is given, so nothing is looked up; paused, so nothing is fetched. The client
        # keeps the pause over an unassign. That is right here: this consumer never reads, and to
        # resume before the unassign would let it fetch from offset 0.
        at = [TopicPartition(p.topic, p.partition, 0) for p in partitions]
        consumer.incremental_assign(at)
        if at:
            consumer.pause(at)
        for p in partitions:
            for shard in self._shards_of([p]):
                self._without_epoch[shard] = self._partition_of[shard] = p.partition
        self._checked_s = 0.0
        if at:
            self._leases.on_assigned()

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Keep the group waiting until the worker has released these shards."""
        shards = self._shards_of(partitions)
        self._leases.on_revoked(shards)
        deadline_s = time.monotonic() + self._leases.session_timeout_ms / 1000
        while self._leases.is_finishing(shards) and time.monotonic() < deadline_s:
            self._serve()  # The worker may have to prove a lease in order to finish.
            self._pause()
        self._drop(shards)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._drop(self._shards_of(partitions))
        consumer.incremental_unassign(partitions)

    def _drop(self, shards: Sequence[int]) -> None:
        for shard in shards:
            self._without_epoch.pop(shard, None)
            self._partition_of.pop(shard, None)
        self._leases.on_lost(shards)

    def _shards_of(self, partitions: Sequence[TopicPartition]) -> list[int]:
        if self._claimed is not None:
            return [self._claimed] * len(partitions)
        return [p.partition for p in partitions if p.topic == self._topic]

    def has(self, shard: int) -> bool:
        """Whether the group has assigned the shard to this member."""
        return shard in self._partition_of

    def gain_again(self, shard: int) -> None:
        """Gain a released shard that the group has not revoked."""
        partition = self._partition_of.get(shard)
        if partition is not None:
            self._without_epoch[shard] = partition
