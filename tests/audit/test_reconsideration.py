"""One release decides again what another recorded: here both are the same code."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from audit.stored_log import PARTITIONS, RULES, Stored, finished
from pipeline import desk, in_process, short_day, succession

from engine.audit.verification import Bounds, verify
from engine.core.events import InputReason, InputRejected
from engine.log import codec, open_log
from engine.log.port import INPUT_TOPICS, JOURNAL
from engine.runtime.recovery import recovery, snapshot
from engine.runtime.replica import Replica
from engine.runtime.shard import Shard
from engine.runtime.shard_log import ShardLog

OTHER = "another"
SEED = 7
OPEN_NS = 1_514_903_400_000_000_000
KEPT = 3


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("reconsidered")
    day = short_day.make(folder / "day", rows=100, order_count=20)
    with open_log(f"sqlite:{folder / 'log.db'}", partitions=PARTITIONS) as log:
        short_day.simulation(log, day, SEED).run()
    found = Stored(folder / "log.db")
    yield found
    found.connection.close()


def test_the_same_code_under_another_version_departs_nowhere(stored: Stored) -> None:
    proof = stored.verify(release=OTHER, in_full=KEPT)

    assert proof.difference is None
    assert proof.departures is not None
    assert (proof.departures.different, proof.departures.first, proof.departures.unknown) == (
        0,
        [],
        {},
    )
    assert proof.departures.same == proof.decided == proof.batches == len(stored.rows(JOURNAL))
    assert proof.departures.recorded_by == {f"test on Python {RULES.python}": proof.batches}
    assert proof.foreign == {}


def test_it_begins_in_the_middle_from_what_was_recorded(stored: Stored) -> None:
    proof = stored.verify(Bounds(10, 19), release=OTHER, in_full=KEPT)

    assert proof.departures is not None
    assert (proof.decided, proof.departures.same, proof.departures.different) == (10, 10, 0)


def test_a_day_in_two_parts_is_reconsidered_without_what_lies_between(tmp_path: Path) -> None:
    """Closed twice, as what came after the first close wants, then opened and closed again."""
    closed = succession.closed(f"sqlite:{tmp_path / 'log.db'}", 1)
    opener = in_process.opener(closed.url, 1)
    with open_log(closed.url, partitions=1) as log, in_process.worker(opener) as worker:
        publisher = desk.Publisher(log, desk.OMS)
        for name, opens in zip(succession.NAMES, (False, True), strict=False):
            if opens:
                publisher.send(desk.day_opened(time.time_ns()))
            publisher.send(desk.cancel(f"g-{name}", name))
            succession.close_day(log, publisher, worker, desk.DAY)
    with open_log(closed.url, partitions=1) as log:
        steps = verify(log, 0, succession.rules(1), Bounds(day=desk.DAY), in_full=KEPT)
        proof = finished(steps)
    assert proof.difference is None
    assert proof.departures is not None
    assert proof.departures.same == proof.decided < proof.batches
    assert proof.departures.different == proof.departures.raised == 0


def test_a_changed_log_is_found_before_anything_is_decided_on_it(stored: Stored) -> None:
    row = stored.rows("fills")[0]
    event = codec.decode("fills", row.value)
    forged = codec.encode(replace(event, cause="orders:0"))

    with stored.changed(("update record set value = ? where id = ?", (forged, row.id))):
        proof = stored.verify(release=OTHER, in_full=KEPT)

    assert proof.difference is not None
    assert proof.departures is not None
    assert proof.departures.different == 0


def test_what_a_worker_took_as_a_fault_stays_rejected(tmp_path: Path) -> None:
    """The rejection names the release that met the fault, and this one might meet none."""
    path = tmp_path / "log.db"
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        publisher.send(*desk.reference(["XXX"]), *desk.controls(OPEN_NS))
        publisher.send(desk.order("A", "XXX", received_ns=OPEN_NS))
        shard = Shard(0, RULES)
        batch = {topic: log.reader(topic, 0).read(1_000) for topic in INPUT_TOPICS}
        sealed = shard.step(batch, OPEN_NS, faulted=frozenset({"orders:0"}))
        assert sealed is not None
        leases = log.leases("test", [0])
        (lease,) = leases.poll(1.0).gained
        log.writer(lease).commit(sealed.records)
        leases.close()
    rejected = [event for event in sealed.events if isinstance(event, InputRejected)]
    assert [event.reason for event in rejected] == [InputReason.FAULT]
    assert RULES.release in rejected[0].text

    proof = Stored(path).verify(release=OTHER, in_full=KEPT)

    assert proof.departures is not None
    assert (proof.difference, proof.departures.same, proof.departures.different) == (None, 1, 0)


def test_a_copy_of_a_state_is_equal_and_its_own(stored: Stored) -> None:
    follower = Replica(0, RULES.release, RULES.python)
    url = f"sqlite:{stored.path}"
    with open_log(url, partitions=PARTITIONS) as log, ShardLog(log, 0) as shard_log:
        for seal_record in shard_log.seals():
            recovery.fold(follower, shard_log, seal_record.seal)
            if follower.state.parents and follower.state.children:
                break
    state = follower.state

    copy = snapshot.copied(state)

    assert copy == state
    assert repr(copy) == repr(state)  # The order of every dict, too.
    parent = next(iter(copy.parents.values()))
    parent.open_qty += 1
    assert copy != state
    assert parent.terms is state.parents[parent.parent_id].terms  # Frozen: nobody can change it.
