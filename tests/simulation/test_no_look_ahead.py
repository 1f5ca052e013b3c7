"""The engine knows nothing of what comes later: another future, the same decisions before it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from pipeline import short_day
from pipeline.short_day import ShortDay

from engine.core.events import QuoteObserved, TradeObserved
from engine.log import codec, open_log
from engine.log.port import STAGE_TOPICS, Log
from engine.runtime.shard_log import ShardLog
from engine.simulation.driver import Simulation
from engine.simulation.script import Script, TimedInput, of_folder

PARTITIONS = 2
SEED = 11


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> ShortDay:
    return short_day.make(tmp_path_factory.mktemp("day") / "day", rows=600, order_count=40)


@pytest.fixture(scope="module")
def script(day: ShortDay) -> Script:
    return of_folder(day.data, day.inputs, day.controls, SEED)


def decided(script: Script, path: Path) -> list[tuple[int, str, bytes]]:
    """Time, topic and bytes of each event of the stages."""
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        Simulation(log, short_day.rules(PARTITIONS), script, seed=SEED).run()
        return list(_events(log))


def _events(log: Log) -> Iterator[tuple[int, str, bytes]]:
    for number in range(PARTITIONS):
        with ShardLog(log, number) as shard_log:
            for seal, _ in shard_log.seals():
                for topic, records in shard_log.outputs(seal).items():
                    for record in records:
                        if topic in STAGE_TOPICS:
                            at_ns = codec.decode(topic, record.value).at_ns
                            yield at_ns, topic, record.value


def with_other_future(script: Script, at_ns: int, chance: Random) -> Script:
    """The market rows after a time in another order, at prices that were never seen."""
    later = [timed for timed in script.market if timed.at_ns > at_ns]
    rows = [timed.event for timed in later]
    chance.shuffle(rows)
    other = [
        TimedInput(timed.at_ns, event, event.venue)
        for timed, row in zip(later, rows, strict=True)
        for event in [_elsewhere(row, timed.at_ns, chance)]
    ]
    kept = [timed for timed in script.market if timed.at_ns <= at_ns]
    return replace(script, market=[*kept, *other])


def _elsewhere(event: object, at_ns: int, chance: Random) -> QuoteObserved | TradeObserved:
    by_px = chance.randrange(-50, 51) * 10_000_000
    if isinstance(event, QuoteObserved):
        return replace(
            event,
            received_ns=at_ns,
            event_ns=at_ns,
            bid_px=event.bid_px and event.bid_px + by_px,
            ask_px=event.ask_px and event.ask_px + by_px,
        )
    assert isinstance(event, TradeObserved), "the day has quotes and prints"
    return replace(event, received_ns=at_ns, event_ns=at_ns, last_px=event.last_px + by_px)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.8])
def test_another_future_changes_no_decision_before_it(
    script: Script, part: float, tmp_path: Path
) -> None:
    at_ns = script.market[int(len(script.market) * part)].at_ns
    other = with_other_future(script, at_ns, Random(SEED))  # noqa: S311  A sample.
    assert [x.event for x in other.market] != [x.event for x in script.market]

    was, now = decided(script, tmp_path / "was.db"), decided(other, tmp_path / "now.db")

    before = [x for x in was if x[0] <= at_ns]
    assert before == [x for x in now if x[0] <= at_ns]
    assert len(before) > 10
    assert was != now, "the future of the sample decides something after its time"
