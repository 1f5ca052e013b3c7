"""The figures of a large order that works alone are those of its own fills."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.core import events as e
from engine.simulation.market.data import MarketData, load
from infra.campaigns import lone_parents as campaign

ROOT = Path(__file__).parents[2]
MINUTES = 5


@pytest.fixture(scope="module")
def data() -> MarketData:
    return load(ROOT / campaign.MARKET)


@pytest.fixture(scope="module")
def order(data: MarketData) -> e.OrderSubmitted:
    start_ns = data.facts.open_ns + 30 * campaign.MINUTE_NS
    end_ns = start_ns + MINUTES * campaign.MINUTE_NS
    return campaign.order_of(data, start_ns, end_ns, 1, e.Urgency.HIGH)


def test_an_order_is_a_part_of_its_windows_volume_in_lots(
    data: MarketData, order: e.OrderSubmitted
) -> None:
    assert order.end_ns is not None
    volume_qty = sum(
        x.last_qty
        for x in data.events
        if isinstance(x, e.TradeObserved) and order.received_ns <= x.received_ns < order.end_ns
    )
    assert order.order_qty % 100 == 0
    assert 0 <= volume_qty // 100 - order.order_qty < 100


@pytest.fixture(scope="module")
def events(data: MarketData, order: e.OrderSubmitted) -> list[Any]:
    return campaign.played(data, order, seed=7)


def test_what_is_told_is_of_its_fills(order: e.OrderSubmitted, events: list[Any]) -> None:
    found = campaign.told(order, events)
    fills = [x for x in events if isinstance(x, e.FillBooked)]

    assert sum(x.last_qty for x in fills) == order.order_qty
    assert found["done_ppm"] == 1_000_000
    assert 0 < found["taken_ppm"] <= 1_000_000
    assert found["children"] == len([x for x in events if isinstance(x, e.ChildAcknowledged)])


def test_what_was_not_filled_is_not_done(order: e.OrderSubmitted, events: list[Any]) -> None:
    fills = [x for x in events if isinstance(x, e.FillBooked)]
    rest = [x for x in events if x is not fills[0]]
    done_qty = order.order_qty - fills[0].last_qty

    assert campaign.told(order, rest)["done_ppm"] == done_qty * 1_000_000 // order.order_qty


def test_a_buy_above_the_midpoint_costs(order: e.OrderSubmitted, events: list[Any]) -> None:
    (accepted,) = (x for x in events if isinstance(x, e.OrderAccepted))
    assert accepted.arrival_mid_px is not None
    mid_px = accepted.arrival_mid_px
    dearer = [
        replace(x, last_px=mid_px + mid_px // 1_000) if isinstance(x, e.FillBooked) else x
        for x in events
    ]
    assert campaign.told(order, dearer)["cost_bps"] == 10.0
