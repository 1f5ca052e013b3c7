"""Orders drawn one by one: a file that the edge can read, from a seed alone."""

import csv
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.core.events import OrderAmendRequested, OrderCancelRequested, OrderSubmitted, Side
from engine.gateways.files import controls_file
from engine.gateways.orders.tickets import COLUMNS, TicketError, parse
from engine.simulation import order_clients
from engine.simulation.chance import Draw
from engine.simulation.market.data import MarketData
from engine.simulation.order_generator import (
    CLIENTS,
    SOURCES,
    generate,
)
from engine.simulation.order_mistakes import MISTAKES, Row, mistake_of, spoiled
from engine.simulation.order_rows import OrderFileError, decimal, write_rows

EXAMPLES = Path(__file__).parents[2] / "examples"
CENT_PX = 10_000_000


@pytest.fixture(scope="module")
def rows(equity_day: MarketData) -> list[Row]:
    return generate(equity_day, 2_500, 7)


def good(rows: list[Row]) -> list[OrderSubmitted]:
    """The orders without a mistake, as events received at their own time."""
    orders = []
    seen = set()  # A duplicate has the id of a good order.
    for row in rows:
        number = int(row["cl_ord_id"].split("-")[-1]) - 1 if row["action"] == "submit" else -1
        if number >= 0 and number not in seen and not mistake_of(Draw(7, "order", number)):
            seen.add(number)
            ticket = parse(row)
            event = ticket.to_event(ticket.ts or 0)
            assert isinstance(event, OrderSubmitted)
            orders.append(event)
    return orders


@pytest.fixture(scope="module")
def orders(rows: list[Row]) -> list[OrderSubmitted]:
    return good(rows)


def test_the_committed_file_is_what_the_generator_makes(rows: list[Row], tmp_path: Path) -> None:
    write_rows(tmp_path / "orders.csv", rows)

    assert (tmp_path / "orders.csv").read_text() == (
        EXAMPLES / "orders-singles-2500.csv"
    ).read_text()


def test_the_file_has_the_asked_number_of_orders_in_order_of_time(rows: list[Row]) -> None:
    actions = Counter(row["action"] for row in rows)
    times = [row["ts"] for row in rows]

    assert actions["submit"] == 2_500
    assert 60 <= actions["amend"] <= 140
    assert 60 <= actions["cancel"] <= 140
    assert times == sorted(times)
    assert all(tuple(row) == COLUMNS for row in rows)


def test_another_seed_makes_another_file(equity_day: MarketData) -> None:
    assert generate(equity_day, 50, 7) != generate(equity_day, 50, 8)


def test_both_sides_come_from_every_source_and_client(orders: list[OrderSubmitted]) -> None:
    adv_qty = 5_000_000
    side_qty = Counter[Side]()
    for order in orders:
        side_qty[order.side] += order.order_qty

    assert all(0.03 < qty / adv_qty < 0.06 for qty in side_qty.values())
    assert {order.source for order in orders} == set(SOURCES)
    assert {order.client_id for order in orders} == set(CLIENTS)
    assert len({order.urgency for order in orders}) == 3
    assert len({order.benchmark for order in orders}) == 4


def test_good_orders_are_sent_in_the_session_and_end_after_their_start(
    orders: list[OrderSubmitted], equity_day: MarketData
) -> None:
    facts = equity_day.facts

    assert len(orders) == 2_450
    for order in orders:
        assert facts.open_ns <= order.received_ns < facts.close_ns
        assert order.end_ns is None or order.received_ns < order.end_ns <= facts.close_ns
        if order.start_ns is not None and order.end_ns is not None:
            assert order.start_ns < order.end_ns


def test_limits_are_on_the_tick_and_near_the_market_of_their_time(
    orders: list[OrderSubmitted], equity_day: MarketData
) -> None:
    limits_px = [order.limit_px for order in orders if order.limit_px is not None]
    trades_px = [trade.last_px for trade in equity_day.trades() if equity_day.in_session(trade)]

    assert len(limits_px) > 500
    assert all(px % CENT_PX == 0 for px in limits_px)
    assert min(trades_px) - 50 * CENT_PX < min(limits_px)
    assert max(limits_px) < max(trades_px) + 50 * CENT_PX


def test_an_order_knows_nothing_of_later_quotes(equity_day: MarketData) -> None:
    noon_ns = equity_day.facts.open_ns + 3 * 3_600_000_000_000
    morning = replace(equity_day, events=[x for x in equity_day.events if x.received_ns < noon_ns])
    noon = "2018-01-02T17:30"
    whole_day = [row for row in generate(equity_day, 200, 7) if row["ts"] < noon]

    assert whole_day == [row for row in generate(morning, 200, 7) if row["ts"] < noon]
    assert len(whole_day) > 50


def test_changes_follow_the_order_they_name(rows: list[Row]) -> None:
    sent: set[tuple[str, str]] = set()
    strangers = 0
    for row in rows:
        if row["action"] == "submit":
            sent.add((row["source"], row["cl_ord_id"]))
            continue
        event = parse(row).to_event(0)
        assert isinstance(event, OrderAmendRequested | OrderCancelRequested)
        if isinstance(event, OrderAmendRequested):
            assert (event.order_qty is None) != (event.limit_px is None)
        strangers += (event.source, event.orig_cl_ord_id) not in sent

    assert 0 < strangers < 30


def test_a_folder_without_quotes_still_gets_orders(equity_day: MarketData) -> None:
    silent = replace(equity_day, events=[])
    orders = good(generate(silent, 100, 7))

    assert all(order.decision_px is None for order in orders)
    assert any(order.limit_px for order in orders)


def test_quantities_suit_the_instruments_volume(equity_day: MarketData) -> None:
    instrument = replace(equity_day.facts.instrument, adv_qty=50_000, instrument_id="TINY")
    tiny = replace(equity_day, facts=replace(equity_day.facts, instrument=instrument))
    orders = good(generate(tiny, 200, 7))

    assert {order.instrument_id for order in orders} == {"TINY"}
    assert all(1 <= order.order_qty <= 10 for order in orders)


def test_the_session_of_another_day_holds_its_orders(equity_day: MarketData) -> None:
    ((open_ns, close_ns),) = equity_day.facts.instrument.sessions_ns(date(2018, 7, 3))
    facts = replace(equity_day.facts, open_ns=open_ns, close_ns=close_ns)
    rows = generate(replace(equity_day, facts=facts, events=[]), 50, 7)

    assert all(row["ts"].startswith("2018-07-03") for row in rows)


# ------------------------------------------------------------------------------ mistakes


def test_every_mistake_is_one_that_the_edge_or_the_engine_refuses(rows: list[Row]) -> None:
    (row, other, *_) = [row for row in rows if row["action"] == "submit"]
    for mistake in MISTAKES:
        wrong = spoiled(mistake, row, other, "157.25", "157.255")
        if mistake == "quantity beyond 64 bits":
            with pytest.raises(TicketError, match="order_qty"):
                parse(wrong)
        else:
            assert isinstance(parse(wrong).to_event(0), OrderSubmitted)
        if mistake == "duplicate id":
            assert wrong == {**other, "ts": row["ts"]}


def test_the_file_holds_every_mistake(rows: list[Row]) -> None:
    found = Counter(mistake_of(Draw(7, "order", order)) for order in range(2_500))

    assert found.keys() == {"", *MISTAKES}
    assert found[""] == 2_450
    assert all(found[mistake] >= 4 for mistake in MISTAKES)
    assert sum(row["instrument_id"] == "NO-SUCH" for row in rows) == found["unknown instrument"]


# ------------------------------------------------------------------------------ files


def test_json_lines_say_the_same_as_csv(rows: list[Row], tmp_path: Path) -> None:
    write_rows(tmp_path / "orders.jsonl", rows[:100])
    write_rows(tmp_path / "orders.csv", rows[:100])
    lines = (tmp_path / "orders.jsonl").read_text().splitlines()
    with (tmp_path / "orders.csv").open(newline="") as file:
        table = list(csv.DictReader(file))

    assert table == rows[:100]
    assert [dict.fromkeys(COLUMNS, "") | json.loads(line) for line in lines] == table


def test_a_file_of_another_kind_and_an_empty_one_are_refused(
    equity_day: MarketData, tmp_path: Path
) -> None:
    with pytest.raises(OrderFileError, match=r"ends in \.csv or \.jsonl"):
        write_rows(tmp_path / "orders.xls", [])
    with pytest.raises(ValueError, match="at least 1"):
        generate(equity_day, 0, 7)


def test_the_example_controls_let_every_client_trade() -> None:
    tables = controls_file.read(EXAMPLES / "controls.toml")
    kinds = Counter(type(table).__name__ for table in tables)

    assert kinds == {"Policy": 1, "Mandate": 48, "Limit": 2, "Restriction": 1}
    assert {x.client_id for x in tables if isinstance(x, controls_file.Mandate)} == set(
        order_clients.CLIENTS
    )


@pytest.mark.parametrize(
    ("px", "text"), [(157_250_000_000, "157.25"), (1, "0.000000001"), (5_000_000_000, "5")]
)
def test_a_price_is_written_as_people_write_it(px: int, text: str) -> None:
    assert decimal(px) == text
