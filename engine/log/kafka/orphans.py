"""Shards that a group has assigned to no member, found by asking the broker now and then.

In a cooperative rebalance a shard that moves is first taken from its owner, and only when the owner
has joined again is it given to another member. An owner that dies in between and starts again under
its name is a static member: the group takes it for the one that it was, repeats the assignment of
the last rebalance, and starts no other. The shard then has no owner, no session runs out, and the
group calls itself stable for ever. Only a member that joins with another subscription makes it
assign all shards anew.
"""

import time
from typing import TYPE_CHECKING

from confluent_kafka import ConsumerGroupState, KafkaException

from engine.log.kafka.client import CALL_MAX_S, LOGGER, Cluster, error_of
from engine.log.kafka.topics import admin_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from confluent_kafka.admin import (  # type: ignore[attr-defined]  # One misses in its __all__.
        AdminClient,
        ConsumerGroupDescription,
    )

ASK_S = 2.0  # How often each member asks.
ORPHAN_S = 3.0  # A shard that moves is without an owner too, but not for so long.


class Orphans:
    """The shards of one group that have no owner. Not thread-safe; no call waits for the broker."""

    def __init__(self, cluster: Cluster, group: str, topic: str, partitions: int) -> None:
        self._cluster = cluster
        self._group = group
        self._topic = topic
        self._all = frozenset(range(partitions))
        self._asked_s = time.monotonic()
        self._since_s: dict[int, float] = {}  # By shard, when it was first seen without an owner.
        self._admin: AdminClient | None = None
        self._answer: Future[ConsumerGroupDescription] | None = None

    def stand_in(self, owner: str) -> bool | None:
        """Whether this member should have the shards assigned anew; None where no answer came.

        One member is enough, so it is the first by name. Each answer is given once.
        """
        now_s = time.monotonic()
        if self._answer is None:
            if now_s - self._asked_s >= ASK_S:
                self._ask(now_s)
            return None
        if not self._answer.done():
            return None
        answer, self._answer = self._answer, None
        try:
            found = answer.result()
        except KafkaException as error:
            self._admin = None  # One that lived through an outage gets no answers (2.16).
            LOGGER.info("group %s: its members are unknown: %s", self._group, error_of(error).str())
            return None
        return self._has_long_orphans(found, now_s) and owner == min(names_of(found))

    def _ask(self, now_s: float) -> None:
        self._asked_s = now_s
        self._admin = self._admin or admin_of(self._cluster)
        answers = self._admin.describe_consumer_groups([self._group], request_timeout=CALL_MAX_S)
        self._answer = answers[self._group]

    def _has_long_orphans(self, found: "ConsumerGroupDescription", now_s: float) -> bool:
        if found.state != ConsumerGroupState.STABLE:
            self._since_s.clear()
            return False
        owned = {
            at.partition
            for member in found.members
            if member.assignment is not None
            for at in member.assignment.topic_partitions
            if at.topic == self._topic
        }
        self._since_s = {n: self._since_s.get(n, now_s) for n in sorted(self._all - owned)}
        old = [n for n, since_s in self._since_s.items() if now_s - since_s >= ORPHAN_S]
        if old:
            LOGGER.warning(
                "group %s: no member has shards %s; they are assigned anew", self._group, old
            )
        return bool(old)


def names_of(found: "ConsumerGroupDescription") -> list[str]:
    """The names of a group's members."""
    return [member.group_instance_id or member.client_id for member in found.members]
