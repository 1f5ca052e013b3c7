"""All checks of a log after the kills: bytes, decisions, state, views."""

from collections import Counter
from pathlib import Path

import duckdb
from pipeline import live, proof

from engine import config
from engine.cli.rules import rules_of
from engine.log.port import INPUT_TOPICS, STAGE_TOPICS, Log
from projections.projector import rebuild

SAMPLED_BATCHES = 20  # The state is checked after every so many batches.


def check(engine: live.Engine, folder: Path) -> Counter[str]:
    """Raises AssertionError for anything wrong; returns the number of records checked."""
    counts: Counter[str] = Counter()
    with live.opened(engine.url, engine.partitions) as log:
        for number in range(engine.partitions):
            counts += _check_shard(log, number)
        violations = _violations(log, folder / "whole.duckdb")
    assert not violations, violations
    assert counts["orders"] == engine.feeder.order_count
    assert counts["fills"] == engine.venue.trades
    assert min(counts.values()) > 0, f"too little happened: {counts}"
    print(f"proved: {dict(counts)}")  # noqa: T201  Shown by pytest -s.
    return counts


def _check_shard(log: Log, number: int) -> Counter[str]:
    rules = rules_of(config.load(partitions=log.partitions))  # The command's own.
    partition = proof.partition_of(log, number)
    chain = proof.whole(partition)
    decided = proof.decides_the_same(partition, rules)
    for at, folded in enumerate(proof.folded(partition, rules)):
        if at % SAMPLED_BATCHES == 0:
            live.holds(folded)
    recovered = proof.recovered(log, number, rules)
    live.holds(recovered)
    assert recovered.chain == chain
    assert proof.same_state(recovered, decided)
    counts = live.decided_once(partition)
    counts["inputs"] = sum(len(partition.records[topic]) for topic in INPUT_TOPICS)
    counts["events"] = sum(len(partition.records[topic]) for topic in STAGE_TOPICS)
    counts["seals"] = len(partition.seals)
    return counts


def _violations(log: Log, path: Path) -> dict[str, int]:
    """The violations that the projection's view of the invariants counts."""
    rebuild(log, path)
    with duckdb.connect(str(path), read_only=True) as projection:
        found = projection.execute("select name, violations from invariants").fetchall()
    assert found
    return {name: count for name, count in found if count}
