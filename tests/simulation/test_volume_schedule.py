"""The measure of a volume schedule alone is of the engine's own function, and knows no future."""

from pathlib import Path

import pytest

from engine.core.strategy.schedules import Seen, share_e9, updated_part
from engine.simulation.market import reference
from engine.simulation.market.data import MarketData
from engine.simulation.market.volume_curves import DayVolume
from infra.campaigns import passive_fills
from infra.campaigns import volume_schedule as measure
from infra.campaigns.volume_schedule import ENGINE, PLAN_QTY, QUARTERS, Case, Model

ROOT = Path(__file__).parents[2]
HOUR_NS = 60 * measure.MINUTE_NS


@pytest.fixture(scope="module")
def days() -> dict[str, list[DayVolume]]:
    return measure.days_of(ROOT / measure.DAYS)


def test_the_days_are_of_six_stocks_and_whole(days: dict[str, list[DayVolume]]) -> None:
    assert {name: len(found) for name, found in sorted(days.items())} == {
        **dict.fromkeys(("AAPL", "ACN", "ADBE", "CVS"), 124),
        "FDX": 125,
        "GE": 124,
    }
    every = [day for found in days.values() for day in found]
    assert all(len(day.volumes_qty) == QUARTERS and min(day.volumes_qty) > 0 for day in every)


def test_the_schedule_of_days_is_the_engines(days: dict[str, list[DayVolume]]) -> None:
    day, past = days["FDX"][30], days["FDX"][10:30]
    case = Case.of(past, day)
    curve, edges_ns = case.curve, case.curve.edges_ns
    traded = [round(each * case.usual_qty) for each in case.true]
    for start, end in ((0, 26), (3, 11), (20, 24)):
        for now in range(start, end - 1):
            share = share_e9(edges_ns, curve.volumes_qty, edges_ns[now])
            seen = Seen(traded[now] - traded[start], traded[now], share, case.usual_qty)
            start_ns, end_ns, at_ns, now_ns = (edges_ns[x] for x in (start, end, now + 1, now))
            found = updated_part(
                edges_ns, curve.volumes_qty, start_ns, end_ns, at_ns, now_ns, seen
            ).qty(PLAN_QTY)
            expected = measure.scheduled(case, ENGINE, start, end, now)
            assert found / PLAN_QTY == pytest.approx(expected, abs=1e-6)


def test_early_volume_counts_less_with_a_half_life(
    days: dict[str, list[DayVolume]],
) -> None:
    case = Case.of(days["GE"][:20], days["GE"][20])
    of_last = (case.true[8] - case.true[7]) / (case.usual[8] - case.usual[7])
    assert measure.level(case, Model(0, 0.01), 8) == pytest.approx(of_last)
    of_day = case.true[8] / case.usual[8]
    assert measure.level(case, Model(0), 8) == pytest.approx(of_day)
    assert measure.level(case, Model(1e9), 8) == pytest.approx(1)


def test_a_ratio_is_of_sums_and_its_interval_of_pairs() -> None:
    base = [1.0, 2.0, 3.0, 10.0] * 5
    assert measure.compared(base, base, 4) == (1, 1, 1)
    assert measure.compared([x / 2 for x in base], base, 4) == (0.5, 0.5, 0.5)
    ratio, low, high = measure.compared([1.0] * 20, base, 2)
    assert low < ratio == 20 / sum(base) < high


def test_a_target_knows_no_later_print(equity_day: MarketData) -> None:
    curve = reference.volume_curve(equity_day.facts)
    now_ns = 2 * HOUR_NS
    until = [
        event
        for event in equity_day.events
        if event.received_ns < equity_day.facts.open_ns + now_ns
    ]
    whole, cut = (
        measure.updated(curve, measure.tape_from(data), 5_000_000, HOUR_NS, 3 * HOUR_NS)
        for data in (equity_day, MarketData(equity_day.facts, until))
    )
    at_ns = now_ns + measure.STEP_NS
    assert whole(at_ns, now_ns) == cut(at_ns, now_ns)
    later_ns = now_ns + HOUR_NS // 2
    assert whole(later_ns, later_ns) > cut(later_ns, later_ns)


def test_what_trades_with_the_true_volumes_has_nearly_the_windows_price(
    equity_day: MarketData,
) -> None:
    tape, window = measure.tape_from(equity_day), (HOUR_NS, 3 * HOUR_NS)
    mids = passive_fills.tape_of(equity_day)[0]
    equal, true = (
        measure.slippage(equity_day, tape, mids, window, target)
        for target in (measure.equal(*window), measure.true(tape, *window))
    )
    assert true < 1 < equal


def test_a_window_without_a_midpoint_is_named(equity_day: MarketData) -> None:
    tape, window = measure.tape_from(equity_day), (0, HOUR_NS)
    nothing = passive_fills.Mids([], [])
    with pytest.raises(ValueError, match="expected one all day"):
        measure.slippage(equity_day, tape, nothing, window, measure.equal(*window))
