"""A worker of two is killed with -9 while more waits than a reader holds: all of it is answered."""

from collections import Counter
from pathlib import Path

import pytest
from pipeline import fresh_log, live, proof

from engine.log import open_log
from engine.log.kafka.reader import QUEUE_MAX_RECORDS

PARTITIONS = 2
OWNERS = ("one", "two")
BACKLOG = 4 * QUEUE_MAX_RECORDS  # So each shard has about two readers full of it.
DRAIN_MAX_S = 600.0  # Only something broken takes longer, even on a busy machine.

pytestmark = pytest.mark.kafka


def test_who_takes_over_a_long_backlog_answers_all_of_it(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, PARTITIONS)
    with live.engine(url, PARTITIONS, tmp_path, seed=7, rounds_per_s=10) as engine:
        engine.begin(OWNERS)
        for owner in OWNERS:
            engine.workers.await_work(owner)
        engine.feeder.pile_up(live.INSTRUMENTS, BACKLOG)
        engine.workers.kill("one")
        engine.drain(DRAIN_MAX_S)
        engine.workers.stop()
        counts: Counter[str] = Counter()
        with open_log(url, partitions=PARTITIONS) as log:
            for number in range(PARTITIONS):
                partition = proof.partition_of(log, number)
                proof.whole(partition)
                counts += live.decided_once(partition)
        assert counts["orders"] == engine.feeder.order_count > BACKLOG
        assert counts["fills"] == engine.venue.trades
