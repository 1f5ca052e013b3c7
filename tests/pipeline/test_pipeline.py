"""The whole pipeline over the first minutes of a real day: in memory, embedded, on real Kafka.

The driver plays the day on each log; then the log alone must give the same again: the chain, every
byte by re-execution, and the state by recovery, at the end and in the middle of the day.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pipeline import fresh_log, proof, short_day

from engine.log import open_log
from engine.log.port import Log
from engine.runtime import hash_chain
from engine.runtime.shard import Sealed

PARTITIONS = 4
SEED = 7
RULES = short_day.rules(PARTITIONS)
MID_DAY_SEALS = 200


class Ran(NamedTuple):
    """A log that holds a whole day, and the chain that the driver returned."""

    log: Log
    chain: bytes
    counts: dict[str, int]


class StopHereError(Exception):
    """Ends a simulation in mid-day."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> short_day.ShortDay:
    return short_day.make(tmp_path_factory.mktemp("market") / "day", rows=1_500, order_count=60)


@pytest.fixture(scope="module", params=fresh_log.EITHER)
def ran(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    day: short_day.ShortDay,
) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("log")
    url = fresh_log.url(request, folder, request.param, PARTITIONS)
    with open_log(url, partitions=PARTITIONS) as log:
        simulation = short_day.simulation(log, day, SEED)
        yield Ran(log, simulation.run(), simulation.summary())


def embedded_chain(path: Path, day: short_day.ShortDay, seed: int) -> bytes:
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        return short_day.simulation(log, day, seed).run()


def test_the_day_goes_through_every_stage(ran: Ran) -> None:
    for name in ("orders", "rejected", "parents", "crossed_qty", "children", "fills", "filled_qty"):
        assert ran.counts[name] > 0, name
    assert ran.counts["allocated_qty"] == ran.counts["filled_qty"]


def test_the_same_run_has_the_same_chain_on_either_log(
    ran: Ran, day: short_day.ShortDay, tmp_path: Path
) -> None:
    assert embedded_chain(tmp_path / "again.db", day, SEED) == ran.chain


def test_another_seed_has_another_chain(ran: Ran, day: short_day.ShortDay, tmp_path: Path) -> None:
    assert embedded_chain(tmp_path / "other.db", day, SEED + 1) != ran.chain


def test_the_log_alone_shows_that_nothing_is_missing_or_twice(ran: Ran) -> None:
    chains = [proof.whole(proof.partition_of(ran.log, n)) for n in range(PARTITIONS)]
    assert hash_chain.run_chain(chains) == ran.chain


def test_reexecution_of_each_sealed_batch_gives_the_same_bytes(ran: Ran) -> None:
    for number in range(PARTITIONS):
        partition = proof.partition_of(ran.log, number)
        assert proof.decides_the_same(partition, RULES).chain == partition.seals[-1].chain


def test_folding_follows_deciding_in_every_state_of_the_day(ran: Ran) -> None:
    for number in range(PARTITIONS):
        partition = proof.partition_of(ran.log, number)
        pairs = zip(proof.reexecuted(partition, RULES), proof.folded(partition, RULES), strict=True)
        for at, ((_, _, decided), folded) in enumerate(pairs):
            if at % 10 == 0 or decided.state.day is None:
                assert proof.same_state(decided, folded), f"shard {number}, batch {at}"


def test_recovery_gives_the_chain_and_the_state_of_the_closed_day(ran: Ran) -> None:
    chains = []
    for number in range(PARTITIONS):
        live = proof.decides_the_same(proof.partition_of(ran.log, number), RULES)
        recovered = proof.recovered(ran.log, number, RULES)
        assert proof.same_state(recovered, live)
        chains.append(recovered.chain)
    assert hash_chain.run_chain(chains) == ran.chain


@pytest.mark.parametrize("kind", fresh_log.EITHER)
def test_recovery_gives_the_state_of_a_day_that_broke_off(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, day: short_day.ShortDay
) -> None:
    last: dict[int, bytes] = {}
    count = 0

    def stop_in_mid_day(sealed: Sealed) -> None:
        nonlocal count
        count += 1
        last[next(iter(sealed.records["journal"])).partition] = sealed.seal.chain
        if count == MID_DAY_SEALS:
            raise StopHereError

    url = fresh_log.url(request, tmp_path, kind, PARTITIONS)
    with open_log(url, partitions=PARTITIONS) as log:
        simulation = short_day.simulation(log, day, SEED, on_sealed=stop_in_mid_day)
        with pytest.raises(StopHereError):
            simulation.run()
        for number, chain in last.items():
            live = proof.decides_the_same(proof.partition_of(log, number), RULES)
            recovered = proof.recovered(log, number, RULES)
            assert recovered.chain == chain
            assert proof.same_state(recovered, live)
        assert any(proof.recovered(log, number, RULES).state.parents for number in last)
