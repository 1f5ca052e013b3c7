"""Leases by consumer groups: the member with a partition holds its shard, and nothing is read.

Workers that compete for all shards are members of one group over the topic `shards`, with one
partition a shard; the group assigns them (cooperative-sticky). A worker that claims certain shards
joins one group per shard over the single partition of `claims`, which a group never takes from a
living member. Each side first joins, then looks at the other's groups, so of two that start at
once at least one sees the other: an explicit claim gives way, a competitor waits.

The owner's name is the member's `group.instance.id`: a worker that died and starts again under its
name has its shards again at once, without waiting for the dead one's session to end. A static
member does not leave when it closes, so a planned stop unsubscribes first, which does leave.

The lease is proved by a synchronous commit of an offset on its partition. That offset is the
epoch: it is read, raised and written under the group's own fencing. It is a time in milliseconds,
so it grows even where Kafka has forgotten the group's offsets or the kind of claim changed.
"""

import threading
import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from engine.log.kafka.client import CALL_MAX_S, Cluster, error_of
from engine.log.kafka.membership import FOREIGN_CHECK_S, SILENCE_MAX_S, Membership
from engine.log.kafka.orphans import Orphans, names_of
from engine.log.kafka.topics import CLAIMS, SHARDS, admin_of
from engine.log.port import Lease, LeaseChange, LeaseLostError, LogUnavailableError

COORDINATOR_STEP_S = 0.05
COORDINATOR_COMES = frozenset(  # A broker that has just started prepares for groups on demand.
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    }
)


def competing_group(cluster: Cluster) -> str:
    return cluster.topic("lease")


def claim_group(cluster: Cluster, shard: int) -> str:
    return cluster.topic(f"lease.{shard}")


def members_of(cluster: Cluster, admin: AdminClient, groups: Sequence[str]) -> dict[str, set[str]]:
    """The names of each group's members: those whose session has not run out."""
    found: dict[str, set[str]] = {}
    deadline_s = time.monotonic() + CALL_MAX_S
    left = list(groups)
    while left:
        answers = admin.describe_consumer_groups(left, request_timeout=CALL_MAX_S)
        left = []
        for group, answer in answers.items():
            try:
                names = names_of(answer.result(CALL_MAX_S))
            except KafkaException as error:
                cause = error_of(error)
                if cause.code() == KafkaError.GROUP_ID_NOT_FOUND:
                    continue
                if cause.code() not in COORDINATOR_COMES or time.monotonic() > deadline_s:
                    raise cluster.unavailable(f"describing group {group}", cause) from error
                left.append(group)
            except TimeoutError as error:
                raise cluster.unavailable(f"describing group {group}", "no answer") from error
            else:
                if names:
                    found[group] = {*names}
        if left:
            time.sleep(COORDINATOR_STEP_S)
    return found


class KafkaLeases:
    """The shards of one worker. Changes that its memberships report wait here for its `poll`."""

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
        self._foreign: set[int] = set()  # Held by the other kind of member when last asked.
        self._fenced: str | None = None
        self._is_closing = False
        self._polled_s = time.monotonic()
        self._memberships: dict[int, Membership] = {}
        if shards is None:
            group = competing_group(cluster)
            orphans = Orphans(cluster, group, cluster.topic(SHARDS), partitions)
            everything = Membership(cluster, self, group, SHARDS, None, orphans)
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

        A claimed one and a revoked one are free at once. A competing worker's shard that the
        group has not revoked stays assigned to it, since a member cannot leave a single partition:
        the shard is gained anew, with a higher epoch.
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
            membership.gain_again(shard)

    def is_held(self, shard: int) -> bool:
        with self._changed:
            lease = self._held.get(shard)
        return lease is not None and self.prove(lease)

    def holds(self, lease: Lease) -> bool:
        """Whether the lease is held as far as this process knows, without asking the broker."""
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
        """Those of `shards` that a member of the other kind holds: competing or claiming."""
        try:
            found = self._found_foreign(shards)
        except LogUnavailableError:
            self.on_assigned()
            raise
        with self._changed:
            self._foreign = self._foreign.difference(shards) | found
            self._changed.notify_all()
        return found

    def _found_foreign(self, shards: Sequence[int]) -> set[int]:
        if self._claimed is not None:
            others = members_of(self._cluster, self._admin, [competing_group(self._cluster)])
            return set(shards) if others else set()
        groups = {claim_group(self._cluster, shard): shard for shard in shards}
        others = members_of(self._cluster, self._admin, list(groups))
        return {groups[group] for group in others}

    def on_assigned(self) -> None:
        """Use a new client: one that lived through an outage gets no answers (2.16)."""
        self._admin = admin_of(self._cluster)

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

    def is_taken(self, group: str) -> bool:
        """Whether a member of a group has this worker's name. Raises LogUnavailableError."""
        members = members_of(self._cluster, admin_of(self._cluster), [group])
        return self.owner in members.get(group, ())

    def on_fenced(self, group: str, error: object) -> None:
        with self._changed:
            self._fenced = (
                f"{self.owner} is out of group {group} for good ({error}). Another process runs "
                f"under the same owner name, or this one did not poll for too long: give each "
                f"worker a name of its own and start it again."
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
