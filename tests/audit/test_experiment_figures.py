"""Figures of an experiment: parts of an order by hand, and intervals that mean what they say."""

import random

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.audit.experiment import figures
from engine.audit.experiment.figures import Blocks, Figure, Interval
from engine.audit.experiment.parts import (
    CROSS,
    POST,
    TAKE,
    Execution,
    Part,
    Parts,
    Result,
    Terms,
    parts_of,
)
from engine.audit.experiment.touch import Touch
from engine.core.events import Side

PX = 1_000_000_000  # A currency unit.
MINUTE_NS = 60_000_000_000
COST = Figure("arrival_bps", "arrival")


def terms(name: str = "OMS:1", side: Side = Side.BUY, arrival_ns: int = 0, **said: object) -> Terms:
    known = {
        "asked_qty": 100,
        "lot_qty": 100,
        "limit_px": None,
        "urgency": "NORMAL",
        "benchmark": "VWAP",
        "strategy": "VWAP",
        "start_ns": arrival_ns,
        "end_ns": arrival_ns + 10 * MINUTE_NS,
        "arrival_px": 100.0 * PX,
        "decision_px": None,
        "vwap_px": 100.0 * PX,
    }
    return Terms(name=name, instrument_id="XXX", side=side, arrival_ns=arrival_ns, **known | said)  # type: ignore[arg-type]


def value(parts: Parts, name: str) -> float:
    return parts[name].num / parts[name].den


# ---------------------------------------------------------------------------------- parts


def test_what_is_not_filled_is_taken_at_the_far_side_of_the_last_quote() -> None:
    order = terms()
    end = Touch(bid_px=101 * PX, ask_px=103 * PX, buy_fee_px=PX // 10, sell_fee_px=0)
    got = [Execution(TAKE, 60, 100.5 * PX, 100.0 * PX, PX // 100, at_ns=1)]

    parts = parts_of(Result(order, 100, got), {("XXX", order.end_ns): end})

    # 60 at 100.50 and 40 at 103: 101.5 on average, against an arrival of 100.
    assert value(parts, "arrival_bps") == pytest.approx(150.0)
    assert value(parts, "vwap_bps") == value(parts, "tracking_bps") == pytest.approx(150.0)
    # 60 at 50 bps over its mid, and 40 at a half spread of 1 over 102.
    assert value(parts, "fill_bps") == pytest.approx((60 * 50 + 40 * 1e4 / 102) / 100)
    # 40 x 3 of 10,000, and fees of 60 x 0.01 and 40 x 0.10.
    assert value(parts, "opportunity_bps") == pytest.approx(120.0)
    assert value(parts, "fees_bps") == pytest.approx(4.6)
    assert value(parts, "shortfall_bps") == pytest.approx(30.0 + 120.0 + 4.6)
    assert (value(parts, "completion"), value(parts, "swept_share")) == (0.6, 0.4)


def test_a_sale_has_the_signs_of_a_purchase() -> None:
    order = terms(side=Side.SELL, decision_px=101.0 * PX)
    end = Touch(bid_px=97 * PX, ask_px=99 * PX, buy_fee_px=0, sell_fee_px=PX // 10)
    got = [Execution(CROSS, 50, 99.0 * PX, 99.0 * PX)]

    parts = parts_of(Result(order, 100, got), {("XXX", order.end_ns): end})

    assert value(parts, "arrival_bps") == pytest.approx(200.0)  # 99 and 97: 98 on average.
    assert value(parts, "delay_bps") == pytest.approx(100 / 101 * 100)
    assert value(parts, "trading_bps") == pytest.approx(50 * 1 / (101 * 100) * 1e4)
    assert value(parts, "fees_bps") == pytest.approx(50 * 0.1 / (101 * 100) * 1e4)


def test_a_markout_is_positive_when_the_midpoint_went_our_way() -> None:
    got = [Execution(POST, 10, 100.0 * PX, 100.0 * PX, at_ns=7)]
    later = Touch(bid_px=100 * PX, ask_px=102 * PX, buy_fee_px=0, sell_fee_px=0)
    market = {("XXX", 7 + 10_000_000_000): later}

    bought = parts_of(Result(terms(), 10, got), market)
    sold = parts_of(Result(terms(side=Side.SELL), 10, got), market)

    assert value(bought, "markout_post_10s_bps") == pytest.approx(100.0)
    assert value(sold, "markout_post_10s_bps") == pytest.approx(-100.0)
    assert "markout_post_60s_bps" not in bought  # The market then is not known.


prices = st.integers(50 * PX, 150 * PX)


@for_all(
    st.lists(
        st.tuples(st.sampled_from([TAKE, POST, CROSS]), st.integers(1, 50), prices), max_size=5
    ),
    st.integers(0, 100),
    st.sampled_from(Side),
    prices,
    prices,
)
def test_the_parts_of_the_shortfall_add_up_and_so_do_the_places(
    fills: list[tuple[str, int, int]], more_qty: int, side: Side, release_px: int, bid_px: int
) -> None:
    got = [Execution(way, qty, px, float(px), 1_000, at_ns=1) for way, qty, px in fills]
    wanted_qty = sum(x.qty for x in got) + more_qty
    order = terms(side=side, decision_px=99.0 * PX)
    end = Touch(bid_px, bid_px + PX, 1_000, 2_000)
    result = Result(order, wanted_qty, got, release_px=float(release_px))

    parts = parts_of(result, {("XXX", order.end_ns): end})

    if not wanted_qty:
        assert "shortfall_bps" not in parts
        return
    names = ("delay_bps", "aggregation_bps", "trading_bps", "opportunity_bps", "fees_bps")
    whole = value(parts, "shortfall_bps")
    assert sum(value(parts, name) for name in names) == pytest.approx(whole, abs=1e-6)
    places = [value(parts, figure.name) for figure in figures.PLACES]
    assert sum(places) == pytest.approx(1.0)
    assert value(parts, "completion") + value(parts, "swept_share") == pytest.approx(1.0)


# ------------------------------------------------------------------------------- intervals


def run_of(costs: dict[str, float]) -> dict[str, Parts]:
    return {name: {"arrival_bps": Part(cost, 1.0)} for name, cost in costs.items()}


def spread(count: int, minutes: int = 15) -> list[Terms]:
    """An order every so many minutes."""
    return [terms(f"OMS:{n}", arrival_ns=n * minutes * MINUTE_NS) for n in range(count)]


def test_a_run_and_itself_differ_by_nothing() -> None:
    orders = spread(20)
    chance = random.Random(1)  # noqa: S311  A sample.
    run = run_of({x.name: chance.gauss(0, 5) for x in orders})
    blocks = Blocks(orders, 15 * MINUTE_NS)

    _, again = figures.compared(blocks, [run, run], [COST], [x.name for x in orders])

    assert blocks.count == 20
    assert again["arrival_bps"].difference == Interval(0.0, 0.0, 0.0)


def test_a_cost_that_every_order_pays_has_no_width_however_noisy_the_day() -> None:
    orders = spread(20)
    chance = random.Random(1)  # noqa: S311  A sample.
    costs = {x.name: chance.gauss(0, 50) for x in orders}
    runs = [run_of(costs), run_of({name: cost + 3.0 for name, cost in costs.items()})]

    _, other = figures.compared(
        Blocks(orders, 15 * MINUTE_NS), runs, [COST], [x.name for x in orders]
    )

    found = other["arrival_bps"]
    assert found.difference is not None
    assert found.difference == pytest.approx((3.0, 3.0, 3.0))
    assert found.figure.low is not None
    assert found.figure.high is not None
    assert found.figure.high - found.figure.low > 10


def test_the_orders_of_a_block_are_drawn_together() -> None:
    """Forty orders that share two fates are two facts, not forty."""
    orders = [terms(f"OMS:{n}", arrival_ns=n // 20 * 15 * MINUTE_NS + n) for n in range(40)]
    run = run_of({x.name: 10.0 * (x.arrival_ns >= 15 * MINUTE_NS) for x in orders})
    blocks = Blocks(orders, 15 * MINUTE_NS)

    ((found,),) = [
        one.values() for one in figures.compared(blocks, [run], [COST], [x.name for x in orders])
    ]

    assert blocks.count == 2
    assert found.figure == Interval(5.0, 0.0, 10.0)


def test_one_block_has_no_interval() -> None:
    orders = spread(3, minutes=1)
    run = run_of({x.name: 1.0 for x in orders})

    (found,) = figures.compared(
        Blocks(orders, 60 * MINUTE_NS), [run], [COST], [x.name for x in orders]
    )

    assert found["arrival_bps"].figure == Interval(1.0, None, None)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of 40 independent blocks, over 200 days; a percentile interval is a little narrow."""
    orders = spread(40)
    names = [x.name for x in orders]
    blocks = Blocks(orders, 15 * MINUTE_NS, resamples=200)
    chance = random.Random(7)  # noqa: S311  A sample.
    held = 0
    for _ in range(200):
        run = run_of({name: chance.gauss(1.0, 5.0) for name in names})
        (found,) = figures.compared(blocks, [run], [COST], names)
        _, low, high = found["arrival_bps"].figure
        assert low is not None
        assert high is not None
        held += low <= 1.0 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_orders_that_only_one_run_has_are_in_no_difference() -> None:
    orders = spread(3)
    first = run_of({"OMS:0": 1.0, "OMS:1": 2.0})
    second = run_of({"OMS:1": 2.0, "OMS:2": 500.0})

    _, found = figures.compared(
        Blocks(orders, 15 * MINUTE_NS), [first, second], [COST], [x.name for x in orders]
    )

    assert found["arrival_bps"].difference is not None
    assert found["arrival_bps"].difference.value == 0.0
    assert found["arrival_bps"].figure.value == 251.0


@for_all(st.integers(1, 100_000), st.integers(0, 500))
def test_every_order_is_in_a_class_that_has_a_place(qty: int, minutes: int) -> None:
    order = terms(asked_qty=qty, end_ns=minutes * MINUTE_NS)

    for dimension in ("size", "window"):
        (group,) = figures.members([order], dimension)
        assert group in figures.KNOWN_ORDER[dimension]


def test_classes_begin_at_their_edge() -> None:
    assert figures.size_class(terms(asked_qty=99)) == "under 1 lot"
    assert figures.size_class(terms(asked_qty=100)) == "1 to 2 lots"
    assert figures.size_class(terms(asked_qty=200)) == "2 to 5 lots"
    assert figures.size_class(terms(asked_qty=9_999)) == "50 lots and more"
