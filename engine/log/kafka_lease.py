"""Leases by consumer groups: who is a partition's member holds a shard, and nothing is read.

Workers that compete for all shards are members of one group over the topic `shards`, with one
partition a shard; the group shares them out (cooperative-sticky). Who claims certain shards
joins one group per shard over the single partition of `claims`, which a group never takes from a
living member. Each side first joins, then looks at the other's groups, so of two that start at
once at least one sees the other: an explicit claim gives way, a competitor waits.

The owner's name is the member's `group.instance.id`: a worker that died and comes back under its
name has its shards again at once, and the dead one's session need not run out. A static member
does not leave when it closes, so a planned stop unsubscribes first, which does leave.

The lease is proved by a synchronous commit of an offset on its partition. That offset is the
epoch: it is read, raised and written under the group's own fencing. It is a time in milliseconds,
so it grows even where Kafka has forgotten the group's offsets or the kind of claim changed.

A thread per membership is the only one that touches its client, which is locked while it polls
and calls back. So rebalances, proofs and the wait for a worker to finish with a revoked shard do
not depend on the worker's loop; if that loop stops calling for half a minute, the thread stops
polling too and the group takes the shards away.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from engine.log.kafka_client import CALL_MAX_S, CLIENT_ERRORS, LOGGER, Cluster, error_of
from engine.log.kafka_topics import CLAIMS, SHARDS
from engine.log.port import Lease, LeaseChange, LeaseLostError, LogUnavailableError

HEARTBEAT_MS = 100  # How soon competing members learn of a rebalance; a hand-over takes two.
CLAIM_HEARTBEAT_MS = 1_000  # A group of one has no rebalances.
SILENCE_MAX_S = 30.0  # A worker whose loop is silent for longer loses its shards.
POLL_S = 0.02
LEAVE_MAX_S = 3.0
LEAVE_SENT_S = 0.1  # The request is on its way when the member's id is gone.
FOREIGN_CHECK_S = 0.5
RETRY_S = 0.02
REFUSED = frozenset(
    {
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError._FATAL,  # noqa: SLF001 (the client's public name)
        KafkaError._FENCED,  # noqa: SLF001
        KafkaError._STATE,  # noqa: SLF001
    }
)


def competing_group(cluster: Cluster) -> str:
    return cluster.topic("lease")


def claim_group(cluster: Cluster, shard: int) -> str:
    return cluster.topic(f"lease.{shard}")


def members_of(cluster: Cluster, admin: AdminClient, groups: Sequence[str]) -> dict[str, set[str]]:
    """Group to the names of its members: those that live, or whose session has not run out."""
    answers = admin.describe_consumer_groups(list(groups), request_timeout=CALL_MAX_S)
    found: dict[str, set[str]] = {}
    for group, answer in answers.items():
        try:
            members = answer.result(CALL_MAX_S).members
        except KafkaException as error:
            if error_of(error).code() == KafkaError.GROUP_ID_NOT_FOUND:
                continue
            raise cluster.unavailable(f"describing group {group}", error_of(error).str()) from error
        except TimeoutError as error:
            raise cluster.unavailable(f"describing group {group}", "no answer") from error
        for member in members:
            found.setdefault(group, set()).add(member.group_instance_id or member.client_id)
    return found


class Proof:
    """A question of the worker's thread to the membership's."""

    def __init__(self, lease: Lease, deadline_s: float) -> None:
        self.lease = lease
        self.deadline_s = deadline_s
        self.answered = threading.Event()
        self.is_held = False
        self.failure: LogUnavailableError | None = None


class Membership:
    """One static member of one group, and the thread that keeps it there."""

    def __init__(
        self,
        cluster: Cluster,
        leases: "KafkaLeases",
        group: str,
        topic: str,
        claimed: int | None,
    ) -> None:
        self.group = group
        self._cluster = cluster
        self._leases = leases
        self._topic = cluster.topic(topic)
        self._claimed = claimed  # The shard that the one partition of `claims` stands for here.
        self._untaken: dict[int, int] = {}  # Shard to partition: assigned, epoch not yet raised.
        self._partition_of: dict[int, int] = {}
        self._is_leaving = False
        self._checked_s = 0.0
        session_ms = leases.session_timeout_ms
        heartbeat_ms = HEARTBEAT_MS if claimed is None else CLAIM_HEARTBEAT_MS
        settings = cluster.config(
            {
                "group.id": group,
                "group.instance.id": leases.owner,
                "group.protocol": "classic",
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": session_ms,
                "heartbeat.interval.ms": min(heartbeat_ms, session_ms // 4),
                "max.poll.interval.ms": max(session_ms, int(SILENCE_MAX_S * 1000)),
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
            }
        )
        self._consumer = Consumer(settings, logger=LOGGER)
        self._proofs: deque[Proof] = deque()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease {group}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        self._is_leaving = True
        self._wake.set()

    def join(self) -> None:
        self._thread.join()

    def wake(self) -> None:
        """Something changed that the thread may wait for."""
        self._wake.set()

    def prove(self, lease: Lease) -> bool:
        """Commit on the shard's partition; True if the group let us. Raises LogUnavailableError."""
        proof = Proof(lease, time.monotonic() + CALL_MAX_S)
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
        """Answer the proofs asked for; one that a rebalance interrupts is tried again later."""
        for _ in range(len(self._proofs)):
            proof = self._proofs.popleft()
            if self._try(proof):
                proof.answered.set()
            else:
                self._proofs.append(proof)

    def _try(self, proof: Proof) -> bool:
        """True if the proof has its answer."""
        lease = proof.lease
        partition = self._partition_of.get(lease.shard)
        member_id = self._consumer.memberid()
        if partition is None or not member_id or not self._leases.holds(lease):
            return True
        cause = self._commit(partition, lease.epoch)
        if cause is None:
            # Without an id the commit is nobody's, and an empty group takes it from anyone.
            proof.is_held = self._consumer.memberid() == member_id and self._leases.holds(lease)
            return True
        if cause.code() in REFUSED:
            return True
        if time.monotonic() > proof.deadline_s:
            proof.failure = self._cluster.unavailable(
                f"proving the lease of shard {lease.shard}", cause.str()
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
        try:
            self._consumer.subscribe(
                [self._topic],
                on_assign=self._on_assign,
                on_revoke=self._on_revoke,
                on_lost=self._on_lost,
            )
            while not self._is_leaving:
                if not self._leases.is_silent():  # Else the group shall notice that nobody polls.
                    self._consumer.poll(0)  # Only calls back; raises what is fatal.
                self._serve()
                self._take()
                self._rest()
            self._leave_group()
        except CLIENT_ERRORS as error:
            self._leases.on_fenced(self.group, error_of(error).str())
        finally:
            self._drop(list(self._partition_of))
            self._consumer.close()

    def _rest(self) -> None:
        self._wake.wait(POLL_S)
        self._wake.clear()

    def _leave_group(self) -> None:
        """Leave for good: closing alone would keep a static member's place for a session."""
        self._consumer.unsubscribe()
        deadline_s = time.monotonic() + LEAVE_MAX_S
        while self._consumer.memberid() and time.monotonic() < deadline_s:
            self._consumer.poll(RETRY_S)
        self._consumer.poll(LEAVE_SENT_S)

    def _take(self) -> None:
        """Raise the epoch of newly assigned shards; a rebalance in between makes it wait."""
        if not self._untaken:
            return
        now_s = time.monotonic()
        if self._checked_s and now_s - self._checked_s < FOREIGN_CHECK_S:
            return
        try:
            foreign = self._leases.foreign(list(self._untaken))
            for shard, partition in list(self._untaken.items()):
                if shard not in foreign:
                    self._raise_epoch(shard, partition)
        except LogUnavailableError as error:
            LOGGER.warning("group %s: %s", self.group, error)
        self._checked_s = now_s if self._untaken else 0.0

    def _raise_epoch(self, shard: int, partition: int) -> None:
        at = TopicPartition(self._topic, partition)
        try:
            (found,) = self._consumer.committed([at], timeout=CALL_MAX_S)
        except KafkaException as error:
            LOGGER.warning("group %s: %s", self.group, error_of(error).str())
            return
        epoch = max(found.offset + 1, time.time_ns() // 1_000_000)
        cause = self._commit(partition, epoch)
        if cause is not None:
            LOGGER.info("group %s: shard %d not yet taken: %s", self.group, shard, cause.str())
            return
        del self._untaken[shard]
        self._leases.on_gained(Lease(shard, self._leases.owner, epoch))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # The offset is given, so nothing is looked up; paused, so nothing is fetched.
        at = [TopicPartition(p.topic, p.partition, 0) for p in partitions]
        consumer.incremental_assign(at)
        if at:
            consumer.pause(at)
        for p in partitions:
            shard = self._shard_of(p.partition)
            self._untaken[shard] = self._partition_of[shard] = p.partition
        self._checked_s = 0.0

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """The group waits in here until the worker has finished with these shards."""
        shards = [self._shard_of(p.partition) for p in partitions]
        self._leases.on_revoked(shards)
        deadline_s = time.monotonic() + self._leases.session_timeout_ms / 1000
        while self._leases.is_finishing(shards) and time.monotonic() < deadline_s:
            self._serve()  # The worker may have to prove a lease in order to finish.
            self._rest()
        self._drop(shards)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._drop([self._shard_of(p.partition) for p in partitions])
        consumer.incremental_unassign(partitions)

    def _drop(self, shards: Sequence[int]) -> None:
        for shard in shards:
            self._untaken.pop(shard, None)
            self._partition_of.pop(shard, None)
        self._leases.on_lost(shards)

    def _shard_of(self, partition: int) -> int:
        return partition if self._claimed is None else self._claimed

    def has(self, shard: int) -> bool:
        """True if the group has assigned it here."""
        return shard in self._partition_of

    def offer_again(self, shard: int) -> None:
        partition = self._partition_of.get(shard)
        if partition is not None:
            self._untaken[shard] = partition


class KafkaLeases:
    """The shards of one worker. What its memberships learn is kept here until it polls."""

    def __init__(
        self,
        cluster: Cluster,
        admin: AdminClient,
        owner: str,
        shards: Sequence[int] | None,
        session_timeout_ms: int,
        partitions: int,
    ) -> None:
        self.owner = owner
        self.session_timeout_ms = session_timeout_ms
        self._cluster = cluster
        self._admin = admin
        self._claimed = shards
        self._changed = threading.Condition()
        self._held: dict[int, Lease] = {}
        self._gained: list[Lease] = []
        self._revoked: list[int] = []
        self._revoking: set[int] = set()  # Announced as revoked and not yet released.
        self._lost: list[int] = []
        self._foreign: set[int] = set()  # Held by the other kind of claim when last asked.
        self._fenced: str | None = None
        self._is_closing = False
        self._polled_s = time.monotonic()
        self._memberships: dict[int, Membership] = {}
        if shards is None:
            everything = Membership(cluster, self, competing_group(cluster), SHARDS, None)
            self._memberships = dict.fromkeys(range(partitions), everything)
            everything.start()
        else:
            self._claim(shards)

    def poll(self, timeout_s: float) -> LeaseChange:
        with self._changed:
            self._polled_s = time.monotonic()
            self._changed.wait_for(self._has_change, timeout_s)
            self._polled_s = time.monotonic()
            change = LeaseChange(tuple(self._gained), tuple(self._revoked), tuple(self._lost))
            self._gained, self._revoked, self._lost = [], [], []
            if self._fenced is not None and change == LeaseChange():
                raise LeaseLostError(self._fenced)
            return change

    def release(self, shard: int) -> None:
        """Give a shard back.

        A claimed one and a revoked one are free at once. One of a competing worker that the
        group has not asked back stays assigned to it, since the group deals in members and not
        in shards: it is gained anew, with a higher epoch.
        """
        membership = self._memberships.get(shard)
        with self._changed:
            was_revoked = shard in self._revoking
            lease = self._held.pop(shard, None)
            self._revoking.discard(shard)
            self._gained = [gained for gained in self._gained if gained.shard != shard]
            self._changed.notify_all()
        if membership is None or lease is None:
            return
        membership.wake()
        if self._claimed is not None:
            membership.leave()
            membership.join()
        elif not was_revoked:
            membership.offer_again(shard)

    def is_held(self, shard: int) -> bool:
        with self._changed:
            lease = self._held.get(shard)
        return lease is not None and self.prove(lease)

    def holds(self, lease: Lease) -> bool:
        """True as far as is known here, without asking."""
        return self._held.get(lease.shard) == lease

    def prove(self, lease: Lease) -> bool:
        membership = self._memberships.get(lease.shard)
        return membership is not None and membership.prove(lease)

    def close(self) -> None:
        with self._changed:
            self._is_closing = True
            self._held.clear()
            self._gained, self._revoked, self._lost = [], [], []
            self._changed.notify_all()
        memberships = set(self._memberships.values())
        for membership in memberships:
            membership.leave()
        for membership in memberships:
            membership.join()
        self._memberships = {}

    def is_silent(self) -> bool:
        """True if the worker's loop has stopped polling."""
        return not self._is_closing and time.monotonic() - self._polled_s > SILENCE_MAX_S

    def foreign(self, shards: Sequence[int]) -> set[int]:
        """Those of `shards` that somebody holds by the other kind of claim."""
        if self._claimed is not None:
            others = members_of(self._cluster, self._admin, [competing_group(self._cluster)])
            found = set(shards) if others else set()
        else:
            groups = {claim_group(self._cluster, shard): shard for shard in shards}
            others = members_of(self._cluster, self._admin, list(groups))
            found = {groups[group] for group in others}
        with self._changed:
            self._foreign = self._foreign.difference(shards) | found
            self._changed.notify_all()
        return found

    def on_gained(self, lease: Lease) -> None:
        with self._changed:
            self._held[lease.shard] = lease
            self._gained.append(lease)
            self._changed.notify_all()

    def on_revoked(self, shards: Sequence[int]) -> None:
        with self._changed:
            unseen = {lease.shard for lease in self._gained}
            asked = [shard for shard in shards if shard in self._held and shard not in unseen]
            self._revoked += asked
            self._revoking.update(asked)
            self._changed.notify_all()

    def is_finishing(self, shards: Sequence[int]) -> bool:
        """True while the worker has not released what was revoked."""
        with self._changed:
            return not self._is_closing and not self._revoking.isdisjoint(shards)

    def on_lost(self, shards: Sequence[int]) -> None:
        with self._changed:
            unseen = {lease.shard for lease in self._gained}
            gone = [shard for shard in shards if self._held.pop(shard, None) is not None]
            self._gained = [lease for lease in self._gained if lease.shard not in gone]
            self._revoked = [shard for shard in self._revoked if shard not in gone]
            self._revoking.difference_update(gone)
            self._lost += [shard for shard in gone if shard not in unseen]
            self._changed.notify_all()

    def on_fenced(self, group: str, error: object) -> None:
        with self._changed:
            self._fenced = (
                f"{self.owner} is out of group {group} for good ({error}). Another process runs "
                f"under the same owner name, or this one was away for too long: give each worker "
                f"a name of its own and start it again."
            )
            self._changed.notify_all()

    def _has_change(self) -> bool:
        return bool(self._gained or self._revoked or self._lost or self._fenced)

    def _claim(self, shards: Sequence[int]) -> None:
        self._refuse_others(shards)
        for shard in shards:
            group = claim_group(self._cluster, shard)
            self._memberships[shard] = Membership(self._cluster, self, group, CLAIMS, shard)
        for membership in self._memberships.values():
            membership.start()
        try:
            self._await_claims(shards)
        except Exception:
            self.close()
            raise

    def _await_claims(self, shards: Sequence[int]) -> None:
        deadline_s = time.monotonic() + self.session_timeout_ms / 1000 + CALL_MAX_S
        while time.monotonic() < deadline_s:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._held.keys() >= set(shards) or self._fenced or self._foreign,
                    FOREIGN_CHECK_S,
                )
                if self._held.keys() >= set(shards):
                    return
                if self._fenced is not None:
                    raise LeaseLostError(self._fenced)
            self._refuse_others(
                [shard for shard in shards if not self._memberships[shard].has(shard)]
            )
        raise self._cluster.unavailable(f"claiming shards {list(shards)}", "no assignment")

    def _refuse_others(self, shards: Sequence[int]) -> None:
        competing = competing_group(self._cluster)
        groups = {claim_group(self._cluster, shard): shard for shard in shards}
        for group, names in members_of(self._cluster, self._admin, [competing, *groups]).items():
            if group == competing:
                raise LeaseLostError(
                    f"shards {list(shards)} cannot be claimed by {self.owner}: {sorted(names)} "
                    f"compete for all shards of {self._cluster.prefix}. Stop them, or start this "
                    f"worker without naming shards."
                )
            others = sorted(names - {self.owner})
            if others:
                raise LeaseLostError(
                    f"shard {groups[group]} is held by {' and '.join(others)}, not by "
                    f"{self.owner}. Stop that worker, or wait {self.session_timeout_ms / 1000:g} "
                    f"s after it died."
                )
