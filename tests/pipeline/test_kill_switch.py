"""A kill switch behind a heap of quotes: at most one bounded batch of them goes by before it."""

from pathlib import Path

from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.gateways.paper import GATEWAY, PaperGateway
from engine.gateways.paper.reading import READ_RECORDS
from engine.log import codec, open_log
from engine.log.port import JOURNAL, Log
from engine.shard import Sealed
from engine.worker import Worker

PARTITIONS = 1
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
        publisher.send(desk.order("O1", "I00"))  # What the first seal is about.
        worker.run()
        applied = list(filter(is_the_answer, in_process.events(log, "ingest")))
        seals = [codec.decode(JOURNAL, record.value) for record in proof.read_all(log, JOURNAL, 0)]
    assert len(applied) == 1
    assert taken(*seals) - before[0] <= BATCH < QUOTES - before[0]


def is_the_answer(event: object) -> bool:
    return isinstance(event, e.ControlApplied) and event.control == "KillSwitchSet"


def taken(*seals: e.BatchSealed) -> int:
    """Up to where these have taken the quotes."""
    return max(x.next_position for s in seals for x in s.inputs if x.topic == "market-data")


def test_a_gateway_lets_at_most_one_read_of_quotes_go_by_before_a_kill_switch(
    tmp_path: Path,
) -> None:
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=PARTITIONS) as log:
        gateway = PaperGateway(log, seed=7, settle_s=0)
        gateway.start()
        crowded(log).send(KILL)
        kill = proof.read_all(log, "controls", 0)[-1].position
        assert READ_RECORDS < QUOTES
        gateway.turn()
        reports = [
            codec.decode("venue-reports", record.value)
            for record in proof.read_all(log, "venue-reports", 0)
        ]
    answers = [x.controls_position for x in reports if getattr(x, "venue", "") == GATEWAY]
    assert answers[-1] == kill
