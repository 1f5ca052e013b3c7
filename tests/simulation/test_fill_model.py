"""A simulated day names its fill model, and with impact our fills move the market of its log."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline import short_day

import projections
from engine.audit import counterfactual
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.events import QuoteObserved, TradeObserved
from engine.log import open_log
from engine.log.port import Log
from engine.runtime.hash_chain import run_chain
from engine.runtime.shard_log import last_seal
from engine.simulation.driver import Simulation
from engine.simulation.script import of_folder
from engine.simulation.venues.fill_model import FillModel, of_settings
from engine.simulation.venues.queue import Queue

PARTITIONS = 2
SEED = 11
TEXT = short_day.rules(PARTITIONS).settings_text


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> short_day.ShortDay:
    """A quarter of an hour with hurried orders, in a stock of which little is traded."""
    folder = tmp_path_factory.mktemp("made") / "day"
    made = short_day.make(folder, rows=600, order_count=40)
    facts = made.data.facts
    thin = replace(facts.instrument, adv_qty=100_000)
    return made._replace(data=replace(made.data, facts=replace(facts, instrument=thin)))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=PARTITIONS) as found:
        yield found


def run(log: Log, day: short_day.ShortDay, model: FillModel) -> bytes:
    rules = replace(short_day.rules(PARTITIONS), settings_text=model.named_in(TEXT))
    script = of_folder(day.data, day.inputs, day.controls, SEED)
    return Simulation(log, rules, script, seed=SEED, venues=model.venues(SEED)).run()


def observed(log: Log) -> list[tuple[int, int]]:
    """Prices of each quote, and of each print, in the log."""
    script = counterfactual.recorded_day(log, None).script
    events = [timed.event for timed in script.market]
    quotes = [(x.bid_px, x.ask_px) for x in events if isinstance(x, QuoteObserved)]
    return quotes + [(x.last_px, 0) for x in events if isinstance(x, TradeObserved)]


@pytest.mark.parametrize("queue", Queue)
@pytest.mark.parametrize("impact", [True, False])
def test_a_settings_text_says_its_model_again(queue: Queue, impact: bool) -> None:  # noqa: FBT001  A case.
    model = FillModel(queue, impact)
    said = model.named_in(TEXT)

    assert of_settings(said) == model
    assert {**json.loads(said), **json.loads(TEXT)} == json.loads(said)
    assert of_settings(TEXT) is None
    assert of_settings("") is None


def test_a_model_is_told_in_words() -> None:
    assert str(FillModel()) == "queue base, impact none"
    assert str(FillModel(Queue.PESSIMISTIC, impact=True)) == (
        "queue pessimistic, impact Almgren 2005, fed back"
    )


def test_the_log_and_its_projection_name_the_model(
    log: Log, day: short_day.ShortDay, tmp_path: Path
) -> None:
    run(log, day, FillModel(Queue.OPTIMISTIC))
    projections.rebuild(log, tmp_path / "p.duckdb")

    with projections.connect(tmp_path / "p.duckdb") as connection:
        rows = connection.execute("select queue, impact from fill_models").fetchall()
    assert rows == [("optimistic", False)]
    assert counterfactual.recorded_day(log, None).fill_model == FillModel(Queue.OPTIMISTIC)


def test_impact_moves_the_market_of_the_log_by_whole_ticks_and_no_impact_leaves_it(
    log: Log, day: short_day.ShortDay, tmp_path: Path
) -> None:
    run(log, day, FillModel(impact=True))
    with open_log(f"sqlite:{tmp_path / 'still.db'}", partitions=PARTITIONS) as still:
        run(still, day, FillModel())
        recorded = observed(still)
    assert recorded == [
        *((x.bid_px, x.ask_px) for x in day.data.quotes()),
        *((x.last_px, 0) for x in day.data.trades()),
    ]
    moved = observed(log)

    assert len(moved) > len(recorded)  # Quotes came again at other prices.
    assert moved != recorded
    assert {a - b for a, b in zip(moved[-1], recorded[-1], strict=True)} != {0}


def test_a_day_with_impact_is_the_same_again_and_the_same_when_it_is_played_again(
    log: Log, day: short_day.ShortDay, tmp_path: Path
) -> None:
    model = FillModel(Queue.PESSIMISTIC, impact=True)
    chain = run(log, day, model)
    with open_log(f"sqlite:{tmp_path / 'twice.db'}", partitions=PARTITIONS) as twice:
        assert run(twice, day, model) == chain
    recorded = counterfactual.recorded_day(log, None)
    rules = replace(short_day.rules(PARTITIONS), settings_text=model.named_in(TEXT))
    with open_log(f"sqlite:{tmp_path / 'again.db'}", partitions=PARTITIONS) as again:
        played = counterfactual.play(
            recorded.script, rules, recorded.seed, again, fill_model=recorded.fill_model
        )
        seals = [last_seal(again, shard) for shard in range(PARTITIONS)]
    assert played == chain == run_chain([seal.chain for seal in seals if seal is not None])


def test_the_command_names_the_model_and_a_whatif_takes_it_from_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = tmp_path / "market"
    short_day.make(market, rows=300, order_count=1)
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "source,cl_ord_id,client_id,instrument_id,side,order_qty,urgency,ts\n"
        "OMS-1,A1,C01,XXX,buy,400,high,2018-01-02T14:30:30Z\n"
    )
    out = tmp_path / "out"
    options = ["--market", str(market), "--orders", str(orders), "--out", str(out), "-o", "json"]
    said = ["--queue", "pessimistic", "--impact"]

    assert execute(["simulate", *options, *said]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["fill_model"] == (
        "queue pessimistic, impact Almgren 2005, fed back"
    )

    log = f"sqlite:{out / 'log.db'}"
    assert execute(["whatif", "--log", log, "--out", str(tmp_path / "w"), "-o", "json"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert found["fill_model"] == "queue pessimistic, impact Almgren 2005, fed back"
    assert found["reproduces_byte_for_byte"]
