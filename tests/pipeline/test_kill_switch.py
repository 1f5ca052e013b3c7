"""A kill switch behind many quotes: at most one bounded batch of them is consumed before it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.gateways.venues.reading import READ_RECORDS
from engine.log import codec, open_log
from engine.log.port import JOURNAL, Log
from engine.runtime.shard import Sealed
from engine.runtime.worker import Worker
from engine.simulation.paper import PAPER, paper_gateway

PARTITIONS = 1
SHARDS = 4
NAMES = tuple(f"I{number:02}" for number in range(16))  # Some on every shard.
QUOTES = 6_000
BATCH = 500  # Most market data in a round.

KILL = e.KillSwitchSet(
    scope=e.ControlScope.FIRM, scope_id="", engaged=True, set_by="desk", text="", set_ns=1
)


def crowded(log: Log) -> desk.Publisher:
    """A sender that has written a day's beginning and many quotes after it."""
    publisher = desk.Publisher(log, desk.OMS)
    desk.open_day(publisher, ["I00"])
    publisher.send(*(desk.quote("I00", "A", number) for number in range(QUOTES)))
    return publisher


def test_a_shard_lets_at_most_one_batch_of_quotes_go_by_before_a_kill_switch(
    tmp_path: Path,
) -> None:
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=PARTITIONS) as log:
        publisher = crowded(log)
        before: list[int] = []  # Quotes that were sealed when the switch was set.

        def sealed(batch: Sealed) -> None:
            if not before:
                publisher.send(KILL)
                before.append(taken(batch.seal))
            if any(map(is_the_answer, batch.events)):
                worker.stop()

        worker = Worker(
            log, short_day.rules(PARTITIONS), "one", market_data_batch=BATCH, on_sealed=sealed
        )
        publisher.send(desk.order("O1", "I00"))  # In the first seal.
        worker.run()
        applied = list(filter(is_the_answer, in_process.events(log, "ingest")))
        seals = [codec.decode(JOURNAL, record.value) for record in proof.read_all(log, JOURNAL, 0)]
    assert len(applied) == 1
    assert taken(*seals) - before[0] <= BATCH < QUOTES - before[0]


def test_the_shards_of_a_worker_share_that_batch(tmp_path: Path) -> None:
    rules = replace(short_day.rules(SHARDS), open_batch_records=1)  # Each round has its seal.
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, NAMES)
        publisher.send(*(desk.quote(NAMES[n % len(NAMES)], "A", n) for n in range(QUOTES)))
        applied: set[int] = set()
        gone_by: Counter[int] = Counter()  # Quotes by shard, until the switch is applied there.
        before: list[int] = []  # Of all shards, when the switch was set.

        def sealed(batch: Sealed) -> None:
            shard = batch.records[JOURNAL][0].partition
            if shard not in applied:
                gone_by[shard] = taken(batch.seal)
            if not before:
                publisher.send(KILL)
                before.append(gone_by.total())
            if any(map(is_the_answer, batch.events)):
                applied.add(shard)
            if len(applied) == SHARDS:
                worker.stop()

        worker = Worker(log, rules, "one", market_data_batch=BATCH, on_sealed=sealed)
        worker.run()
    assert gone_by.total() - before[0] <= BATCH < QUOTES - before[0]


def is_the_answer(event: object) -> bool:
    return isinstance(event, e.ControlApplied) and event.control == "KillSwitchSet"


def taken(*seals: e.BatchSealed) -> int:
    """The position up to which these seals have consumed the quotes."""
    ends = [x.next_position for s in seals for x in s.inputs if x.topic == "market-data"]
    return max(ends, default=0)


def test_a_gateway_lets_at_most_one_read_of_quotes_go_by_before_a_kill_switch(
    tmp_path: Path,
) -> None:
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=PARTITIONS) as log:
        gateway = paper_gateway(log, seed=7, settle_s=0)
        gateway.start()
        crowded(log).send(KILL)
        kill = proof.read_all(log, "controls", 0)[-1].position
        assert READ_RECORDS < QUOTES
        gateway.turn()
        reports = [
            codec.decode("venue-reports", record.value)
            for record in proof.read_all(log, "venue-reports", 0)
        ]
    answers = [x.controls_position for x in reports if getattr(x, "venue", "") == PAPER]
    assert answers[-1] == kill
