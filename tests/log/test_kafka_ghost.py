"""A member that its own late request fenced joins again; a living successor keeps it out."""

import itertools
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer
from log.topics_created import create

from engine.log.kafka import KafkaLog, membership
from engine.log.kafka.leases import KafkaLeases
from engine.log.port import Lease, LeaseLostError

pytestmark = pytest.mark.kafka

PARTITIONS = 2
SESSION_MS = 3_000
PATIENCE_S = 90.0

_prefixes = itertools.count(time.time_ns())


@pytest.fixture
def prefix(kafka_bootstrap: str) -> str:
    name = f"ghost-{next(_prefixes)}"
    create(kafka_bootstrap, name, PARTITIONS)
    return name


@pytest.fixture
def log(kafka_bootstrap: str, prefix: str) -> Iterator[KafkaLog]:
    found = KafkaLog(kafka_bootstrap, prefix, PARTITIONS, session_timeout_ms=SESSION_MS)
    yield found
    found.close()


def gained(leases: KafkaLeases, count: int, after: int = 0) -> dict[int, Lease]:
    """Wait for so many leases of a higher epoch than `after`."""
    found: dict[int, Lease] = {}
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline_s, f"{len(found)} of {count} shards came"
        found |= {x.shard: x for x in leases.poll(0.1).gained if x.epoch > after}
    return found


def joined(bootstrap: str, prefix: str, owner: str) -> Consumer:
    """A member with a worker's name."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}.lease",
            "group.instance.id": owner,
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": SESSION_MS,
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([f"{prefix}.shards"])
    deadline_s = time.monotonic() + PATIENCE_S
    while not consumer.memberid():
        assert time.monotonic() < deadline_s, "it never joined"
        consumer.poll(0.05)
    return consumer


def test_a_member_whose_name_a_ghost_has_joins_again(
    log: KafkaLog, kafka_bootstrap: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late answer to its own request leaves a ghost: a member name without a living client."""
    monkeypatch.setattr(membership, "GHOST_SESSIONS", 30)  # A slow broker's timers take longer.
    leases = log.leases("a")
    before = gained(leases, PARTITIONS)

    joined(kafka_bootstrap, prefix, "a").close()  # A static member does not leave.

    newest = max(lease.epoch for lease in before.values())
    again = gained(leases, PARTITIONS, after=newest)
    assert all(leases.is_held(shard) for shard in again)


def test_a_member_whose_place_another_process_has_is_out_for_good(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    leases = log.leases("a")
    gained(leases, PARTITIONS)

    with pytest.raises(LeaseLostError, match="Another process runs under the same owner name"):
        live_on(lambda: joined(kafka_bootstrap, prefix, "a"), leases)


def live_on(join: Callable[[], Consumer], leases: KafkaLeases) -> None:
    """Both go on. A successor that a slow broker gave up starts again, as a service does."""
    successor = join()
    deadline_s = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < deadline_s:
            message = successor.poll(0.05)
            if message is not None and message.error() is not None:
                successor.close()
                successor = join()
            leases.poll(0.05)
    finally:
        successor.close()
