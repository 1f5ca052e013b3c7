"""Spoiled real records on every input topic: each loses only itself, and is in the dlq once.

The day's own records are spoiled as `infra.campaigns.mutation` does it and sent again between good
orders, to a real worker in a process of its own. What is spoiled and still means something is an
input like any other; what is not is in the dlq, once, with its position and reason.
"""

import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pipeline import desk, fresh_log, live, proof
from pipeline.workers import Workers, workers

from engine import config
from engine.cli.rules import rules_of
from engine.core import events as e
from engine.core.controls.rejected_input import RejectedInput
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.headers import sender_headers, sender_of
from engine.log.port import INPUT_TOPICS, SHARED_TOPICS, Log, NewRecord
from engine.runtime.admission import Admission
from infra.campaigns import fuzzing

PARTITIONS = 2
INSTRUMENTS = tuple(f"I{number}" for number in range(4))
GOOD_EVERY = 20  # A good order after so many spoiled records.
WRONG_KEYS = 0.05
TAKEN_MAX_S = 300.0
GROWTH_MAX_KB = 96 * 1024  # For some thousand records.
SEED = 11


def inputs(log: Log, chance: Random) -> Iterator[tuple[str, NewRecord]]:
    """Spoiled inputs without end, made of the log's records and of events that it lacks."""
    known = fuzzing.samples(log, chance)
    asked = {name: found for name, found in known.items() if name.startswith(INPUT_TOPICS)}
    for number, (topic, value) in enumerate(fuzzing.Payloads(asked, chance)):
        instrument = chance.choice(INSTRUMENTS).encode()
        key = chance.randbytes(3) if chance.random() < WRONG_KEYS else instrument
        partition = 0 if topic in SHARED_TOPICS else partition_of(instrument, PARTITIONS)
        headers = sender_headers("STORM", number)
        yield topic, NewRecord(partition, time.time_ns() // 1_000_000, key, headers, value)


def storm(log: Log, oms: desk.Publisher, count: int) -> None:
    chance = Random(SEED)  # noqa: S311  Repeated from its seed.
    for number, (topic, record) in enumerate(islice(inputs(log, chance), count)):
        log.append(topic, [record])
        if number % GOOD_EVERY == 0:
            oms.send(desk.order(f"GOOD-{number}", chance.choice(INSTRUMENTS)))


def await_sealed(progress: list[live.Progress], started: Workers) -> None:
    deadline_s = time.monotonic() + TAKEN_MAX_S
    while missing := [found for shard in progress if (found := shard.missing())]:
        started.assert_alive("one")
        assert time.monotonic() < deadline_s, f"not taken: {missing}"
        time.sleep(0.1)


def peak_kb(started: Workers) -> int:
    """The worker's peak memory; on Linux only."""
    status = Path(f"/proc/{started.pid('one')}/status")
    if not status.exists():
        pytest.skip("no /proc here to read a worker's memory from")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert found
    return int(found[1])


def a_storm_costs_itself(url: str, folder: Path, count: int) -> None:
    with (
        open_log(url, partitions=PARTITIONS) as log,
        workers(url, PARTITIONS, folder) as started,
    ):
        oms = desk.Publisher(log, desk.OMS)
        progress = [live.Progress(log, number) for number in range(PARTITIONS)]
        desk.open_day(oms, INSTRUMENTS)
        started.start("one")
        for name in INSTRUMENTS:
            oms.send(desk.order(f"FIRST-{name}", name), desk.cancel(f"FIRST-{name}", name))
        await_sealed(progress, started)
        before_kb = peak_kb(started)
        storm(log, oms, count)
        await_sealed(progress, started)
        growth_kb = peak_kb(started) - before_kb
        started.stop()
        assert growth_kb < GROWTH_MAX_KB, f"{growth_kb} kB for {count} spoiled records"
        rules = rules_of(config.load(partitions=PARTITIONS))
        for number in range(PARTITIONS):
            partition = proof.partition_of(log, number)
            proof.whole(partition)
            buried_once(partition)
            good_ones_decided(partition)
            decided = proof.decides_the_same(partition, rules)
            assert proof.same_state(proof.recovered(log, number, rules), decided)


def buried_once(partition: proof.Partition) -> None:
    """The dlq holds the rejected records, with position and reason, and nothing else."""
    door = Admission(partition.number, PARTITIONS)
    expected = {}
    for topic in INPUT_TOPICS:
        for record in partition.records[topic]:
            found = door.admit(topic, record)
            if isinstance(found, RejectedInput):
                expected[topic, record.position] = (found.reason.value, record.value, record.key)
    buried: dict[tuple[str, int], Any] = {}
    for record in partition.records["dlq"]:
        said = dict(record.headers)
        place = said["topic"].decode(), int(said["position"])
        assert place not in buried, "buried twice"
        buried[place] = (said["reason"].decode(), record.value, record.key)
    assert buried == expected
    told = Counter(
        (event.topic, event.position)
        for record in partition.records["ingest"]
        if codec.is_a(e.InputRejected, record.value)
        for event in [codec.decode("ingest", record.value)]
    )
    assert told == Counter(dict.fromkeys(expected, 1))


def good_ones_decided(partition: proof.Partition) -> None:
    """Each good order has one answer."""
    answers = Counter(
        event.cause
        for record in partition.records["ingest"]
        for event in [codec.decode("ingest", record.value)]
        if isinstance(event, e.OrderAccepted | e.OrderRejected)
    )
    good = [
        record.position
        for record in partition.records["orders"]
        if sender_of(record.headers).name == desk.OMS and codec.is_a(e.OrderSubmitted, record.value)
    ]
    assert good
    assert [answers[f"orders:{position}"] for position in good] == [1] * len(good)


def test_spoiled_records_cost_themselves_alone(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.EMBEDDED, PARTITIONS)
    a_storm_costs_itself(url, tmp_path, 1_000)


@pytest.mark.slow
@pytest.mark.parametrize("kind", fresh_log.EITHER)
def test_thousands_of_spoiled_records_cost_themselves_alone(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = fresh_log.url(request, tmp_path, kind, PARTITIONS)
    a_storm_costs_itself(url, tmp_path, 10_000)
