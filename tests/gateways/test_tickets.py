"""A ticket becomes the event it says; only what no event can say is refused at the edge."""

from dataclasses import fields
from typing import Any

import pytest

from engine.cli.ticket_options import FLAGS
from engine.core.events import (
    Benchmark,
    Immediacy,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderSubmitted,
    OrderType,
    SaleMarking,
    Side,
    TimeInForce,
)
from engine.gateways.orders.tickets import (
    COLUMNS,
    ORDER_FIELDS,
    AmendTicket,
    CancelTicket,
    OrderTicket,
    TicketError,
    parse,
)
from engine.log.codec import decode, encode

RECEIVED_NS = 1_514_903_400_000_000_000
ORDER = {
    "source": "OMS-1",
    "cl_ord_id": "A1",
    "client_id": "C1",
    "instrument_id": "XXX",
    "side": "buy",
    "order_qty": "500",
}
CANCEL = {
    "action": "cancel",
    "source": "OMS-1",
    "cl_ord_id": "A2",
    "orig_cl_ord_id": "A1",
    "instrument_id": "XXX",
}


def event(row: dict[str, Any]) -> Any:  # noqa: ANN401  One of three requests.
    return parse(row).to_event(RECEIVED_NS)


def test_a_short_ticket_has_the_defaults_of_a_market_order() -> None:
    order = event(ORDER)
    assert isinstance(order, OrderSubmitted)
    assert (order.side, order.order_qty) == (Side.BUY, 500)
    assert (order.order_type, order.limit_px) == (OrderType.MARKET, None)
    assert (order.time_in_force, order.benchmark) == (TimeInForce.DAY, Benchmark.ARRIVAL)
    assert order.received_ns == RECEIVED_NS


def test_a_full_ticket_says_every_field() -> None:
    full = {
        **ORDER,
        "ts": "2018-01-02T14:30:00Z",
        "action": "Submit",
        "order_type": "limit",
        "limit_px": "157.25",
        "time_in_force": "gtc",
        "urgency": "HIGH",
        "benchmark": "vwap",
        "start": "2018-01-02T15:00:00Z",
        "end": "2018-01-02T16:00:00Z",
        "max_participation": "10%",
        "no_dark": "true",
        "excluded_venues": "Z;K",
        "crossing_consent": "false",
        "must_complete": "1",
        "capacity": "principal",
        "settlement": "CASH",
        "currency": "USD",
        "decision_px": "157",
        "account": "ACC-7",
        "sale_marking": "short_exempt",
        "locate_id": "L-1",
        "display_qty": "200",
        "settl_date": "2018-01-05",
        "return_on_halt": "yes",
        "poss_resend": "yes",
    }
    assert set(full) == set(COLUMNS) - {"orig_cl_ord_id"}
    order = event(full)
    assert (order.limit_px, order.max_participation_ppm) == (157_250_000_000, 100_000)
    assert (order.no_dark, order.crossing_consent, order.must_complete) == (True, False, True)
    assert order.excluded_venues == ("Z", "K")
    assert order.end_ns - order.start_ns == 3_600_000_000_000
    assert (order.account, order.locate_id, order.display_qty) == ("ACC-7", "L-1", 200)
    assert (order.sale_marking, order.settl_date) == (SaleMarking.SHORT_EXEMPT, 20180105)
    assert (order.return_on_halt, order.poss_resend) == (True, True)
    assert decode("orders", encode(order)) == order


@pytest.mark.parametrize(
    ("word", "time_in_force", "immediacy"),
    [
        ("day", TimeInForce.DAY, Immediacy.NONE),
        ("GTC", TimeInForce.GTC, Immediacy.NONE),
        ("ioc", TimeInForce.DAY, Immediacy.IOC),
        ("Fok", TimeInForce.DAY, Immediacy.FOK),
    ],
)
def test_a_time_in_force_of_a_ticket_is_two_fields_of_an_order(
    word: str, time_in_force: TimeInForce, immediacy: Immediacy
) -> None:
    for row in (ORDER, {**CANCEL, "action": "amend"}):
        asked = event({**row, "time_in_force": word})
        assert (asked.time_in_force, asked.immediacy) == (time_in_force, immediacy)


def test_an_amend_states_what_it_changes_and_no_more() -> None:
    row = {**CANCEL, "action": "amend", "end": "2018-01-02T16:00:00Z", "order_type": "market"}
    asked = event({**row, "display_qty": "0"})
    assert (asked.display_qty, asked.order_type) == (0, OrderType.MARKET)
    assert asked.end_ns is not None
    unstated = (asked.time_in_force, asked.immediacy, asked.side, asked.account, asked.settl_date)
    assert unstated == (None,) * 5


def test_a_ticket_has_the_fields_of_its_event() -> None:
    for ticket, event in (
        (OrderTicket, OrderSubmitted),
        (AmendTicket, OrderAmendRequested),
        (CancelTicket, OrderCancelRequested),
    ):
        stated = {*ticket.model_fields, "received_ns"} - {"ts"}
        if "time_in_force" in stated:
            stated.add("immediacy")  # One word of a ticket.
        assert stated == {field.name for field in fields(event)}


def test_every_column_of_an_order_has_a_flag_and_words_for_it() -> None:
    assert set(FLAGS) == set(COLUMNS) - {"ts", "action", "orig_cl_ord_id"}
    assert len(set(FLAGS.values())) == len(FLAGS)
    assert all(field.description for field in ORDER_FIELDS.values())


def test_a_limit_alone_makes_a_limit_order() -> None:
    assert event({**ORDER, "limit_px": "1"}).order_type is OrderType.LIMIT


def test_an_amend_leaves_what_it_does_not_name() -> None:
    amend = event({**CANCEL, "action": "amend", "order_qty": "700"})
    assert isinstance(amend, OrderAmendRequested)
    assert (amend.orig_cl_ord_id, amend.order_qty, amend.limit_px) == ("A1", 700, None)


def test_a_cancel_names_its_order() -> None:
    cancel = event(CANCEL)
    assert isinstance(cancel, OrderCancelRequested)
    assert cancel.orig_cl_ord_id == "A1"


@pytest.mark.parametrize(
    "bad",
    [
        {"order_qty": "-500"},
        {"order_qty": "0"},
        {"order_qty": "9223372036854775807"},
        {"limit_px": "-1"},
        {"limit_px": "157.123456789"},
        {"order_type": "market", "limit_px": "157"},
        {"order_type": "limit"},
        {"instrument_id": "NO-SUCH"},
        {"client_id": "NOBODY"},
        {"max_participation": "200%"},
        {"start": "2018-01-02T16:00:00Z", "end": "2018-01-02T15:00:00Z"},
        {"currency": "XXX"},
        {"excluded_venues": "NOWHERE"},
    ],
)
def test_what_makes_no_sense_as_business_passes_to_the_engine(bad: dict[str, str]) -> None:
    order = event({**ORDER, **bad})
    assert decode("orders", encode(order)) == order


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"order_qty": "many"}, "order_qty: found 'many', expected a whole number"),
        ({"order_qty": "99999999999999999999"}, "order_qty: found '99999999999999999999'"),
        ({"order_qty": ""}, "order_qty: missing"),
        ({"limit_px": "9" * 30}, "limit_px: found"),
        ({"side": "hold"}, "side: found 'HOLD', expected 'BUY' or 'SELL'"),
        ({"action": "replace"}, "action: found 'replace', expected one of submit, amend, cancel"),
        ({"action": 5}, "action: found 5"),
        ({"cl_ord_id": " "}, "cl_ord_id: found ' ', expected a code"),
        ({"end": "noon"}, "end: found 'noon', expected a time with its zone"),
        ({"colour": "red"}, "colour: not a field here"),
        ({"orig_cl_ord_id": "A0"}, "orig_cl_ord_id: not a field here"),
        ({"source": "x" * 1000}, "source: found"),
    ],
)
def test_what_no_event_can_say_is_refused_with_field_found_and_expected(
    bad: dict[str, Any], words: str
) -> None:
    with pytest.raises(TicketError) as caught:
        parse({**ORDER, **bad})
    assert words in str(caught.value)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(TicketError, match=r"side: .*; order_qty: "):
        parse({**ORDER, "side": "?", "order_qty": "?"})
