"""The models of costs and benchmarks beyond the reference cases: edges and signs."""

from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models import benchmarks, performance, shortfall, spreads

from engine.core.events import Side

PX = st.integers(1, 10**13)
QTY = st.integers(1, 10**9)
SIDES = st.sampled_from(Side)
FILLS = st.lists(st.tuples(QTY, PX), max_size=6)


@pytest.mark.parametrize(("bid_px", "ask_px"), [(11, 10), (0, 10), (10, 0)])
def test_a_crossed_or_one_sided_quote_has_no_midpoint(bid_px: int, ask_px: int) -> None:
    got = spreads.spread(Side.BUY, 10, bid_px, ask_px, 12)
    assert (got.mid, got.effective, got.effective_bps) == (None, None, None)
    assert (got.impact_half, got.impact_full) == (None, None)
    assert got.quoted == (-1 if bid_px and ask_px else None)
    assert got.realised == -4
    assert got.markout_bps == 2_000


def test_a_spread_without_a_later_mid_has_no_impact() -> None:
    got = spreads.spread(Side.SELL, 10, 10, 12)
    assert got.effective == 2
    assert (got.realised, got.impact_half, got.markout_bps) == (None, None, None)


def test_trades_without_a_midpoint_stay_out_of_the_means() -> None:
    trades = [(Side.BUY, 12, 10, 12, 300), (Side.BUY, 12, None, 12, 900), (Side.BUY, 11, 10, 12, 1)]
    got = spreads.effective_spreads(trades)
    assert list(got.effective) == [Fraction(2), None, Fraction(0)]
    assert got.mean == 1
    assert got.weighted_mean == Fraction(600, 301)
    nothing = spreads.effective_spreads([])
    assert (nothing.effective, nothing.mean, nothing.weighted_mean) == ((), None, None)


@for_all(SIDES, QTY, PX, PX, PX, FILLS, st.integers(0, 10**9))
def test_three_decompositions_have_one_total(
    side: Side,
    order_qty: int,
    decision_price: int,
    arrival_price: int,
    final_price: int,
    fills: list[tuple[int, int]],
    fees: int,
) -> None:
    perold = shortfall.perold(side, order_qty, decision_price, final_price, fills, fees)
    prices = (decision_price, arrival_price, final_price)
    wagner = shortfall.wagner(side, order_qty, *prices, fills, fees)
    cfa = shortfall.cfa(side, order_qty, *prices, fills, fees)
    assert perold.total_cost == wagner.total_cost == cfa.total_cost
    assert perold.total_cost == perold.paper_pnl - perold.actual_pnl
    assert perold.total_bps == wagner.total_bps == cfa.total_bps
    assert perold.avg_price == wagner.avg_price == cfa.avg_price
    assert wagner.delay_cost == wagner.delay_filled + wagner.delay_unfilled
    parts = (cfa.delay_bps, cfa.trading_bps, cfa.opportunity_bps, cfa.fees_bps)
    assert sum(parts) == cfa.total_bps


def test_with_nothing_filled_the_cost_is_the_opportunity_and_may_be_negative() -> None:
    got = shortfall.perold(Side.BUY, 100, 50, 49, [], 0)
    assert got.avg_price is None
    assert got.total_cost == got.opportunity_cost == -100
    assert shortfall.wagner(Side.BUY, 100, 50, 51, 49, [], 0).avg_price is None
    assert shortfall.cfa(Side.BUY, 100, 50, 51, 49, [], 0).avg_price is None


@pytest.mark.parametrize(("order_qty", "decision_price"), [(0, 10), (10, 0)])
def test_an_order_has_a_quantity_and_a_price(order_qty: int, decision_price: int) -> None:
    with pytest.raises(ValueError, match=f"order_qty {order_qty} and decision_price"):
        shortfall.perold(Side.BUY, order_qty, decision_price, 10, [], 0)


def test_benchmarks_have_nothing_to_compare_when_nothing_is_filled() -> None:
    got = performance.benchmark_performance(Side.BUY, 100, 10, 0, None, {"close": 11, "open": 9})
    assert got.cost_bps == {"close": None, "open": None}
    assert got.performance_on_order_value_bps == {"close": None, "open": None}


def test_an_interval_without_prints_has_no_vwap() -> None:
    got = benchmarks.interval_vwap([], 0, 10)
    assert (got.vwap_all, got.vwap_eligible, got.vwap_market, got.volume_all) == (
        None,
        None,
        None,
        0,
    )


def test_our_own_prints_and_those_not_eligible_stay_out_of_the_market() -> None:
    trades = [
        benchmarks.Trade(at=0, price=10, quantity=100, eligible=True, own=False),
        benchmarks.Trade(at=5, price=20, quantity=100, eligible=True, own=True),
        benchmarks.Trade(at=9, price=90, quantity=100, eligible=False, own=False),
        benchmarks.Trade(
            at=10, price=99, quantity=100, eligible=True, own=False
        ),  # The end is out.
    ]
    got = benchmarks.interval_vwap(trades, 0, 10)
    vwaps = [got.vwap_all, got.vwap_eligible, got.vwap_market]
    assert vwaps == [Fraction(40), Fraction(15), Fraction(10)]
    assert got.volume_all == 300


def test_a_price_is_in_force_until_the_next_tick() -> None:
    ticks = [(0, 5), (20, 10), (60, 20), (60, 30), (90, 40), (200, 99)]
    assert benchmarks.twap(ticks, 50, 100) == Fraction(10 * 10 + 30 * 30 + 10 * 40, 50)
    assert benchmarks.twap([(0, 7)], 0, 10) == 7


def test_a_twap_needs_an_interval_and_a_price_at_its_start() -> None:
    with pytest.raises(ValueError, match="interval 10 to 10"):
        benchmarks.twap([(0, 7)], 10, 10)
    with pytest.raises(ValueError, match="at or before the start 0"):
        benchmarks.twap([(1, 7)], 0, 10)
    with pytest.raises(ValueError, match="at or before the start 0"):
        benchmarks.twap([], 0, 10)


def test_a_sale_beats_the_volume_below_its_price() -> None:
    levels = [(9, 300), (10, 500), (11, 200)]
    assert benchmarks.volume_at_price(Side.SELL, 10, levels).beaten_share == Fraction(3, 10)
    assert benchmarks.volume_at_price(Side.BUY, 10, levels).beaten_share == Fraction(1, 5)
    nothing = benchmarks.volume_at_price(Side.BUY, 10, [])
    assert (nothing.vwap, nothing.volume, nothing.beaten_share) == (None, 0, None)


def test_a_session_includes_its_open_and_not_its_close() -> None:
    trades = [(9, False, 50, 7), (10, True, 10, 100), (34, False, 20, 300), (35, False, 50, 7)]
    got = benchmarks.market_day(trades, 10, 35, 10)
    assert (got.trades, got.volume, got.vwap) == (2, 400, Fraction(35, 2))
    assert (got.high, got.low, got.off_exchange_share) == (20, 10, Fraction(1, 4))
    assert got.bucket_volumes == (100, 0, 300)


def test_a_session_may_be_quiet_but_not_empty() -> None:
    got = benchmarks.market_day([], 0, 20, 10)
    assert (got.trades, got.volume, got.vwap, got.high, got.low) == (0, 0, None, None, None)
    assert got.off_exchange_share is None
    assert got.bucket_volumes == (0, 0)
    with pytest.raises(ValueError, match="session 5 to 5"):
        benchmarks.market_day([], 5, 5, 10)
    with pytest.raises(ValueError, match="bucket 0"):
        benchmarks.market_day([], 0, 5, 0)


def test_the_mean_of_the_childrens_figures_is_another_number() -> None:
    children = [(100, 100, 110), (300, 200, 190)]
    got = performance.parent_performance(Side.BUY, children)
    assert got.avg_price == 175
    assert got.avg_benchmark == 170
    assert got.performance_bps == -got.cost_bps == Fraction(-5, 170) * 10_000
    of_children = [
        performance.child_performance(Side.BUY, *child).performance_bps for child in children
    ]
    assert got.mean_child_performance_bps == (of_children[0] + 3 * of_children[1]) / 4


def test_a_parent_without_executions_has_no_performance() -> None:
    with pytest.raises(ValueError, match="0 children"):
        performance.parent_performance(Side.BUY, [])
