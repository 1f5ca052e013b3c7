"""A day closes while its workers are killed and started again: it includes all inputs before it."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from pipeline import desk, fresh_log, live, proof, whole_log

from engine.core import events as e
from engine.log import codec, open_log

PARTITIONS = 2
OWNERS = ("one", "two")
KILLS = 3  # Of each worker after the close is in the log.

pytestmark = pytest.mark.slow


def sent_before_the_close(engine: live.Engine) -> Counter[tuple[str, int]]:
    """How many records each partition held, by topic and partition, when the day was closed."""
    with open_log(engine.url, partitions=engine.partitions) as log:
        counts = Counter(
            {
                (topic, number): len(proof.read_all(log, topic, number))
                for topic in ("orders", "venue-reports")
                for number in range(engine.partitions)
            }
        )
        desk.Publisher(log, "closer").send(e.DayClosed(day=desk.DAY, set_ns=time.time_ns()))
    return counts


def check_close(partition: proof.Partition, counts: Counter[tuple[str, int]]) -> None:
    """The batches up to the close had consumed all of these, and nothing stayed open."""
    (close,) = [
        record.position
        for record in partition.records["controls"]
        if isinstance(codec.decode("controls", record.value), e.DayClosed)
    ]
    taken: Counter[str] = Counter()
    for seal in partition.seals:
        for entry in seal.inputs:
            taken[entry.topic] = entry.next_position
        if taken["controls"] > close:
            break
    assert taken["controls"] == close + 1, "the day was never closed"
    for topic in ("orders", "venue-reports"):
        assert taken[topic] == counts[topic, partition.number] > 0, topic
    refused = [codec.decode("ingest", record.value) for record in partition.records["ingest"]]
    reasons = {event.reason for event in refused if isinstance(event, e.OrderRejected)}
    assert e.RejectReason.SESSION_CLOSED not in reasons


@pytest.mark.parametrize("is_down", [True, False], ids=["no worker runs", "one rebuilds"])
@pytest.mark.parametrize("kind", fresh_log.EITHER)
def test_what_came_before_a_close_is_decided_before_it_through_any_kill(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, *, is_down: bool
) -> None:
    url = fresh_log.url(request, tmp_path, kind, PARTITIONS)
    chance = random.Random(11)  # noqa: S311  No secret: a test repeats.
    with live.engine(url, PARTITIONS, tmp_path, seed=9, rounds_per_s=25) as engine:
        workers = engine.workers
        engine.begin(OWNERS)
        for owner in OWNERS:
            workers.await_work(owner)
        engine.await_reports()
        time.sleep(2)
        for owner in OWNERS:
            workers.kill(owner)
        time.sleep(1)  # Orders still come, and reports of routed children.
        engine.feeder.finish()
        engine.venue.finish()
        if not is_down:
            workers.start("one")
            time.sleep(chance.uniform(1, 2))
        counts = sent_before_the_close(engine)
        if not is_down:
            workers.kill("one")
        for _ in range(KILLS):
            for owner in OWNERS:
                workers.start(owner)
            time.sleep(chance.uniform(1, 2.5))
            for owner in OWNERS:
                workers.kill(owner)
        for owner in OWNERS:
            workers.start(owner)
        engine.drain()
        workers.stop()
        whole_log.check(engine, tmp_path)
        with open_log(url, partitions=PARTITIONS) as log:
            for number in range(PARTITIONS):
                check_close(proof.partition_of(log, number), counts)
