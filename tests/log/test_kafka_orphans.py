"""A shard that no member has after a death in mid-rebalance is assigned again."""

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from log.topics_created import create

from engine.log.kafka import KafkaLog
from engine.log.kafka.leases import KafkaLeases

pytestmark = pytest.mark.kafka

PARTITIONS = 2
SESSION_MS = 30_000  # None runs out: the dead one's name is taken again before.
PATIENCE_S = 90.0
SETTLED_S = 5.0  # By then the member is subscribed as before, which is a rebalance too.
# It holds all shards, is asked for one, and never finishes with it: it dies in the middle.
DYING = f"""
import sys
import time
from engine.log.kafka import KafkaLog

deadline_s = time.monotonic() + {PATIENCE_S}
leases = KafkaLog(*sys.argv[1:3], {PARTITIONS}, session_timeout_ms={SESSION_MS}).leases("one")
while time.monotonic() < deadline_s:
    change = leases.poll(0.1)
    for lease in change.gained:
        print("gained", lease.shard, flush=True)
    for shard in change.revoked:
        print("revoked", shard, flush=True)
"""

_prefixes = itertools.count(time.time_ns())


@pytest.fixture
def prefix(kafka_bootstrap: str) -> str:
    name = f"orphans-{next(_prefixes)}"
    create(kafka_bootstrap, name, PARTITIONS)
    return name


@pytest.fixture
def dying(kafka_bootstrap: str, prefix: str) -> Iterator["subprocess.Popen[str]"]:
    """The process of the member `one`."""
    process = subprocess.Popen(  # noqa: S603  Our own text.
        [sys.executable, "-c", DYING, kafka_bootstrap, prefix], stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def held(members: list[KafkaLeases]) -> list[int]:
    """Wait until the members have all shards between them."""
    found: set[int] = set()
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < PARTITIONS:
        assert time.monotonic() < deadline_s, f"only shards {sorted(found)} have an owner"
        for leases in members:
            change = leases.poll(0.05)
            found |= {lease.shard for lease in change.gained}
            found -= {*change.lost, *change.revoked}
            for shard in change.revoked:
                leases.release(shard)
    return sorted(found)


def losses(members: list[KafkaLeases], for_s: float) -> list[int]:
    """The shards that change owners in the meantime."""
    found: list[int] = []
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        for leases in members:
            change = leases.poll(0.05)
            found += [*change.lost, *change.revoked]
    return found


def test_a_shard_whose_owner_died_while_it_was_revoked_has_an_owner_again(
    kafka_bootstrap: str, prefix: str, dying: "subprocess.Popen[str]"
) -> None:
    assert dying.stdout is not None
    assert {dying.stdout.readline() for _ in range(PARTITIONS)} == {"gained 0\n", "gained 1\n"}
    with (
        KafkaLog(kafka_bootstrap, prefix, PARTITIONS, session_timeout_ms=SESSION_MS) as second,
        KafkaLog(kafka_bootstrap, prefix, PARTITIONS, session_timeout_ms=SESSION_MS) as again,
    ):
        two = second.leases("two")
        assert dying.stdout.readline().startswith("revoked")
        dying.kill()
        dying.wait()
        one = again.leases("one")  # A static member: it gets what the last rebalance gave it.
        assert held([one, two]) == [0, 1]
        assert losses([one, two], SETTLED_S) == []
