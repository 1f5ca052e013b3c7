"""A day played again: the same with nothing changed, another with another strategy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import short_day

import projections
from engine.audit import cost_comparison, counterfactual
from engine.audit.cost_comparison import OrderCost, Outcome
from engine.audit.counterfactual import CounterfactualError
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.events import PolicySet, Router, Strategy
from engine.log import open_log
from engine.log.port import Log
from engine.runtime.hash_chain import run_chain
from engine.runtime.shard_log import last_seal
from engine.simulation.script import Script

PARTITIONS = 3
RULES = short_day.rules(PARTITIONS)
SEED = 11


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("happened")
    made = short_day.make(folder / "day", rows=600, order_count=40)
    with open_log(f"sqlite:{folder / 'log.db'}", partitions=PARTITIONS) as log:
        short_day.simulation(log, made, SEED).run()
    return folder / "log.db"


@pytest.fixture
def log(day: Path) -> Iterator[Log]:
    with open_log(f"sqlite:{day}", partitions=PARTITIONS) as found:
        yield found


def chain_of(log: Log) -> bytes:
    seals = [last_seal(log, shard) for shard in range(PARTITIONS)]
    return run_chain([seal.chain for seal in seals if seal is not None])


def play(script: Script, seed: int, path: Path) -> bytes:
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        return counterfactual.play(script, RULES, seed, log)


def test_with_nothing_changed_a_simulated_day_is_the_same_byte_for_byte(
    log: Log, tmp_path: Path
) -> None:
    recorded = counterfactual.recorded_day(log, None)

    again = play(recorded.script, recorded.seed, tmp_path / "again.db")

    assert recorded.seed == SEED
    assert again == chain_of(log)


def test_another_strategy_makes_another_day_of_the_same_requests(log: Log, tmp_path: Path) -> None:
    recorded = counterfactual.recorded_day(log, 20180102)
    other = counterfactual.changed(recorded.script, {"strategy": "twap", "router": "PARALLEL"})

    again = play(other, recorded.seed, tmp_path / "again.db")

    assert again != chain_of(log)
    with open_log(f"sqlite:{tmp_path / 'again.db'}", partitions=PARTITIONS) as played:
        script = counterfactual.recorded_day(played, None).script
    (policy,) = (t.event for t in script.before_open if isinstance(t.event, PolicySet))
    assert (policy.strategy, policy.router) == (Strategy.TWAP, Router.PARALLEL)
    assert [t.stood for t in script.orders] == [t.stood for t in recorded.script.orders]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"strategy": "MAGIC"}, "--set strategy=MAGIC: expected AUTO, VWAP"),
        ({"window_ns": "soon"}, "--set window_ns=soon: expected a whole number"),
        ({"colour": "red"}, "--set colour: expected one of window_ns"),
    ],
)
def test_a_wrong_change_is_named_with_what_is_expected(
    log: Log, said: dict[str, str], reason: str
) -> None:
    script = counterfactual.recorded_day(log, None).script

    with pytest.raises(CounterfactualError) as error:
        counterfactual.changed(script, said)

    assert reason in str(error.value)


def test_a_day_that_the_log_does_not_have_is_named(log: Log) -> None:
    with pytest.raises(CounterfactualError, match="day 20180103: not in the log, which has 2018"):
        counterfactual.recorded_day(log, 20180103)


# ------------------------------------------------------------------------------- comparison


def outcome(*costs: tuple[str, str, float]) -> Outcome:
    """Orders of value 1,000: name, parent, cost."""
    orders = {name: OrderCost(parent, 1_000.0, cost, 10, 10) for name, parent, cost in costs}
    return Outcome(orders, 0, 0, 0, 0, {})


def test_a_run_and_itself_differ_by_nothing() -> None:
    one = outcome(("a", "P1", 1.0), ("b", "P1", 2.0), ("c", "P2", -1.0))

    found = cost_comparison.difference(one, one)

    assert (found.bps, found.low_bps, found.high_bps) == (0.0, 0.0, 0.0)
    assert (found.parents, found.orders) == (2, 3)


def test_a_cost_that_every_parent_pays_has_no_width() -> None:
    names = [f"o{n}" for n in range(30)]
    one = outcome(*((name, name, 1.0) for name in names))
    other = outcome(*((name, name, 3.0) for name in names))

    found = cost_comparison.difference(one, other)

    assert found.bps == pytest.approx(20.0)
    assert found.low_bps == pytest.approx(found.high_bps) == pytest.approx(20.0)


def test_the_interval_covers_the_difference_and_grows_with_what_parents_differ_by() -> None:
    one = outcome(*((f"o{n}", f"P{n}", 0.0) for n in range(40)))
    close = outcome(*((f"o{n}", f"P{n}", 1.0 + n % 2) for n in range(40)))
    far = outcome(*((f"o{n}", f"P{n}", 20.0 * (n % 2)) for n in range(40)))

    narrow, wide = cost_comparison.difference(one, close), cost_comparison.difference(one, far)

    assert narrow.low_bps <= narrow.bps <= narrow.high_bps
    assert wide.high_bps - wide.low_bps > narrow.high_bps - narrow.low_bps


def test_orders_that_only_one_run_has_do_not_count() -> None:
    one = outcome(("a", "P1", 1.0), ("b", "P2", 2.0))
    other = outcome(("b", "P9", 2.0), ("c", "P8", 50.0))

    found = cost_comparison.difference(one, other)

    assert (found.bps, found.orders) == (0.0, 1)


def test_only_what_came_in_the_day_is_compared(log: Log, tmp_path: Path) -> None:
    script = counterfactual.recorded_day(log, None).script
    projections.rebuild(log, tmp_path / "day.duckdb")
    with projections.connect(tmp_path / "day.duckdb") as connection:
        whole = cost_comparison.outcome(connection, script.before_ns, script.close_ns)
        after = cost_comparison.outcome(connection, script.close_ns, 2 * script.close_ns)
        before = cost_comparison.outcome(connection, 0, script.before_ns)
        rows = connection.execute("select count(*) from child_routed").fetchone()

    assert whole.orders
    assert (whole.children,) == rows
    assert sum(children for children, _ in whole.venues.values()) == whole.children > 0
    for other in (before, after):
        assert not other.orders
        assert not other.venues
        assert (other.children, other.fills, other.parents, other.crossed_qty) == (0, 0, 0, 0)


# ------------------------------------------------------------------------------- the command


def test_the_command_says_that_it_reproduces_and_what_a_change_costs(
    day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    arguments = ["whatif", "--log", f"sqlite:{day}", "--out", str(folder), "-o", "json"]
    config = tmp_path / "three.toml"
    config.write_text(f"partitions = {PARTITIONS}\n")

    assert execute([*arguments, "--set", "router=PARALLEL", "--config", str(config)]) == Exit.OK

    found = json.loads(capsys.readouterr().out)
    assert [run["run"] for run in found["runs"]] == ["happened", "modelled", "changed"]
    assert [each["of"] for each in found["differences"]] == [
        "fill model's error",
        "effect of the change",
    ]
    error = found["differences"][0]
    assert (error["bps"], error["low_bps"], error["high_bps"]) == (0, 0, 0)


def test_runs_side_by_side_say_the_same_as_one_after_the_other(
    day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "three.toml"
    config.write_text(f"partitions = {PARTITIONS}\n")
    arguments = ["whatif", "--log", f"sqlite:{day}", "--config", str(config), "-o", "json"]
    found = []
    for jobs in ("1", "2"):
        out = ["--out", str(tmp_path / jobs), "--jobs", jobs]
        assert execute([*arguments, *out, "--set", "strategy=TWAP"]) == Exit.OK
        found.append(capsys.readouterr().out)

    assert found[0] == found[1]
