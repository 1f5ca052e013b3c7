"""Every reference case of costs and benchmarks, played through the views.

Each case becomes a small log that is projected. The row of the view must show the published number
and what the exact model computes, both within the tolerance of the case (tests/reference/data).
"""

import csv
import gzip
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from models import benchmarks, performance, shortfall, spreads
from projection_world import projected, rows
from reference_cases import cases, check
from reference_worlds import (
    johnson_world,
    leakage_world,
    plain,
    sample_world,
    shortfall_world,
    side_of,
    spread_world,
    tape_world,
    twap_world,
    vwap_world,
)

from engine.core import events as e
from engine.simulation.market import rows as market_rows

EXAMPLES = Path(__file__).parents[2] / "examples"
PARENT = "from {} where kind = 'PARENT'"


def agrees(case: dict[str, Any], row: dict[str, Any], model: Any) -> None:  # noqa: ANN401  A dataclass or dict.
    """The view shows what was published, and what the model computes from the case's inputs."""
    found = plain(row)
    check(case, found)
    computed = model if isinstance(model, dict) else asdict(model)
    check(case | {"expected": {name: computed[name] for name in case["expected"]}}, found)


def check_shortfall(folder: Path, case: dict[str, Any], kind: str, model: object) -> None:
    """The parent and its only order have the same row."""
    with projected(folder, shortfall_world(case["inputs"])) as connection:
        found = rows(connection, f"from shortfall_{kind}")
    assert sorted(row["kind"] for row in found) == ["ORDER", "PARENT"]
    for row in found:
        agrees(case, row, model)


def sided(case: dict[str, Any]) -> dict[str, Any]:
    inputs: dict[str, Any] = case["inputs"]
    return inputs | {"side": side_of(inputs)}


@pytest.mark.parametrize("case", cases("implementation_shortfall", "perold"))
def test_perold(tmp_path: Path, case: dict[str, Any]) -> None:
    check_shortfall(tmp_path, case, "perold", shortfall.perold(**sided(case)))


@pytest.mark.parametrize("case", cases("implementation_shortfall", "wagner"))
def test_wagner(tmp_path: Path, case: dict[str, Any]) -> None:
    check_shortfall(tmp_path, case, "wagner", shortfall.wagner(**sided(case)))


@pytest.mark.parametrize("case", cases("implementation_shortfall", "cfa"))
def test_cfa(tmp_path: Path, case: dict[str, Any]) -> None:
    check_shortfall(tmp_path, case, "cfa", shortfall.cfa(**sided(case)))


@pytest.mark.parametrize("view", ["tca_parent", "tca_order"])
@pytest.mark.parametrize("case", cases("implementation_shortfall", "wagner"))
def test_the_parts_of_the_cost_tables_are_those_of_wagner(
    tmp_path: Path, case: dict[str, Any], view: str
) -> None:
    with projected(tmp_path, shortfall_world(case["inputs"])) as connection:
        (row,) = (plain(row) for row in rows(connection, f"from {view}"))
    model = shortfall.wagner(**sided(case))
    names = {"trading_bps": "is_trading_bps", "opportunity_bps": "is_opportunity_bps"}
    found = {name: row[column] for name, column in names.items()}
    found |= {"total_bps": row["is_bps"]}
    found |= {"delay_bps": row["is_delay_bps"] + row["is_aggregation_bps"]}
    check(case | {"expected": {name: getattr(model, name) for name in found}}, found)


def levels() -> list[tuple[Fraction, int]]:
    (day,) = cases("benchmarks", "volume_at_price")
    found: list[tuple[Fraction, int]] = day.values[0]["inputs"]["levels"]
    return found


def johnson_order() -> dict[str, Any]:
    (order,) = (
        case for case in cases("implementation_shortfall", "perold") if "johnson" in case.id
    )
    inputs: dict[str, Any] = order.values[0]["inputs"]
    return inputs


@pytest.mark.parametrize("case", cases("implementation_shortfall", "benchmark_performance"))
def test_benchmark_performance(tmp_path: Path, case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    arrival = inputs["benchmarks"]["arrival"]
    with projected(tmp_path, johnson_world(johnson_order(), levels(), arrival)) as connection:
        found = rows(connection, PARENT.format("tca_benchmarks"))
    by_name = {row["benchmark"].lower(): plain(row) for row in found}
    assert by_name.keys() == inputs["benchmarks"].keys()
    for name, price in inputs["benchmarks"].items():
        assert by_name[name]["benchmark_price"] == pytest.approx(float(price), rel=1e-12)
    table = {
        field: {name: row[field] for name, row in by_name.items()}
        for field in ("cost_bps", "performance_on_order_value_bps")
    }
    agrees(case, table, performance.benchmark_performance(**sided(case)))


@pytest.mark.parametrize("case", cases("benchmarks", "volume_at_price"))
def test_volume_at_price(tmp_path: Path, case: dict[str, Any]) -> None:
    order = johnson_order() | {"side": case["inputs"]["side"]}
    with projected(
        tmp_path, johnson_world(order, case["inputs"]["levels"], order["decision_price"])
    ) as connection:
        (row,) = rows(connection, PARENT.format("volume_beaten"))
    assert row["avg_price"] == pytest.approx(float(case["inputs"]["avg_price"]), rel=1e-12)
    agrees(case, row | {"volume": row["volume_qty"]}, benchmarks.volume_at_price(**sided(case)))


@pytest.mark.parametrize("case", cases("benchmarks", "vwap"))
def test_interval_vwap(tmp_path: Path, case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    with projected(tmp_path, vwap_world(inputs)) as connection:
        (row,) = rows(connection, PARENT.format("interval_benchmarks"))
    names = ("at", "price", "quantity", "eligible", "own")
    trades = [
        benchmarks.Trade(**dict(zip(names, trade, strict=True))) for trade in inputs["trades"]
    ]
    model = asdict(benchmarks.interval_vwap(trades, inputs["start"], inputs["end"]))
    wrong = case["expected"].pop("mean_price")  # Of the prices alone; no view has it.
    agrees(case, row | {"volume_all": row["volume_all_qty"]}, model)
    assert float(wrong) not in [
        pytest.approx(x, rel=1e-9) for x in row.values() if isinstance(x, float)
    ]


@pytest.mark.parametrize("case", cases("benchmarks", "twap"))
def test_twap(tmp_path: Path, case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    with projected(tmp_path, twap_world(inputs)) as connection:
        (row,) = rows(connection, PARENT.format("interval_benchmarks"))
    wrong = case["expected"].pop("right_endpoint")  # A common mistake; no view has it.
    agrees(case, row, {"twap": benchmarks.twap(inputs["ticks"], inputs["start"], inputs["end"])})
    assert row["twap"] != pytest.approx(float(wrong), rel=1e-9)


@pytest.mark.parametrize("case", cases("benchmarks", "market_day"))
def test_market_day(tmp_path: Path, case: dict[str, Any]) -> None:
    with gzip.open(EXAMPLES / case["inputs"]["file"], "rt", encoding="utf-8", newline="") as file:
        _, *lines = csv.reader(file)
    prints = [market_rows.trade("AAPL", line) for line in lines]
    with projected(tmp_path, tape_world(prints)) as connection:
        (row,) = rows(connection, "from market_days")
        (session,) = rows(connection, "from trading_sessions")
    tape = [
        (one.event_ns, one.venue == "D", Fraction(one.last_px, 10**9), one.last_qty)
        for one in prints
    ]
    half_hour_ns = 1_800 * 10**9
    model = asdict(
        benchmarks.market_day(tape, session["open_ns"], session["close_ns"], half_hour_ns)
    )
    prices = {name: Fraction(row[f"{name}_px"]) / 10**9 for name in ("vwap", "high", "low")}
    named = {"volume": row["volume_qty"], "half_hour_volume": row["half_hour_qty"]}
    agrees(case, row | prices | named, model | {"half_hour_volume": model["bucket_volumes"]})


@pytest.mark.parametrize("case", cases("spreads", "spread"))
def test_spread(tmp_path: Path, case: dict[str, Any]) -> None:
    given = case["inputs"]
    trade = [given[name] for name in ("side", "price", "bid", "ask")] + [100]
    with projected(tmp_path, spread_world([trade], given.get("mid_later"))) as connection:
        (row,) = rows(connection, "from fill_spreads")
    agrees(case, row, spreads.spread(**sided(case)))


@pytest.mark.parametrize("case", cases("spreads", "mean_effective"))
def test_mean_effective(tmp_path: Path, case: dict[str, Any]) -> None:
    trades = case["inputs"]["trades"]
    with projected(tmp_path, spread_world(trades)) as connection:
        of_fills = rows(connection, "select effective from fill_spreads order by seq")
        (row,) = rows(connection, "from parent_spreads")
    model = asdict(
        spreads.effective_spreads([(e.Side(side.upper()), *rest) for side, *rest in trades])
    )
    means = {name: row[f"{name}_effective"] for name in ("mean", "weighted_mean")}
    agrees(case, means | {"effective": [one["effective"] for one in of_fills]}, model)


@pytest.mark.parametrize("case", cases("spreads", "leakage"))
def test_leakage(tmp_path: Path, case: dict[str, Any]) -> None:
    with projected(tmp_path, leakage_world(case["inputs"])) as connection:
        (row,) = rows(connection, "from tca_leakage")
    agrees(case, row, {"leakage_bps": spreads.leakage_bps(**sided(case))})


def sample_children() -> list[dict[str, Any]]:
    return [case.values[0]["inputs"] for case in cases("seed_tca", "child")]


@pytest.mark.parametrize("case", cases("seed_tca", "child"))
def test_a_child_of_the_sample_table(tmp_path: Path, case: dict[str, Any]) -> None:
    children, inputs = sample_children(), sided(case)
    number = children.index(case["inputs"])
    with projected(tmp_path, sample_world(children, inputs["side"])) as connection:
        found = rows(connection, "from tca_child order by routed_ns")
    assert len(found) == len(children)
    row = found[number]
    given = {name: value for name, value in case["inputs"].items() if name != "child_id"}
    check(case | {"expected": given}, plain(row))
    assert list(row)[:12] == [*case["inputs"], *case["expected"]]  # The table's columns, in order.
    assert row["benchmark_source"] == "VWAP"
    named = {name: inputs[name] for name in ("side", "quantity", "price", "benchmark_vwap")}
    agrees(case, row, performance.child_performance(**named))


@pytest.mark.parametrize("case", cases("seed_tca", "parent"))
def test_the_parent_of_the_sample_table(tmp_path: Path, case: dict[str, Any]) -> None:
    """Its averages are the true ones, and not those that the table prints."""
    inputs = sided(case)
    with projected(tmp_path, sample_world(sample_children(), inputs["side"])) as connection:
        (row,) = rows(connection, "from tca_parent")
    assert row["side"] == case["inputs"]["side"]
    agrees(case, row, performance.parent_performance(**inputs))
