"""Records of strangers and hostile fields: refused by name, and nobody else is stopped."""

import logging
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from world import (
    CLIENT,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SOURCE,
    Raw,
    an,
    cancel,
    order,
    px,
    quote,
    trading,
    venue,
)

from engine.core import events as e
from engine.log import codec
from engine.runtime.shard_task import ShardTask

# A record that cannot be read, and the reason that the log has for it: nothing is stopped by it.
UNREAD = [
    ("no header names a sender, in orders", Raw("orders", source=None)),
    ("no header names a sender, in reports", Raw("venue-reports", source=None)),
    ("no header names a sender, in quotes", Raw("market-data", source=None)),
    ("an empty name is no name", Raw("orders", source="")),
    ("no bytes at all", Raw("orders", b"", source=None)),
    ("too many bytes", Raw("orders", b"\x00" * 70_000, source=None)),
]


@pytest.mark.parametrize(("name", "record"), UNREAD)
def test_an_unattributed_record_is_said_as_that_and_stops_nobody(name: str, record: Raw) -> None:
    world = trading(quote(OTHER_LIT))
    world.when(record).then(an(e.InputRejected, reason=e.InputReason.UNATTRIBUTED, source=""))
    assert "no header names its sender" in world.all_of(e.InputRejected)[0].text, name
    assert not world.state.suspended
    assert list(world.book().quotes) == [LIT, OTHER_LIT]
    world.when(order("T1-1", source="T1")).then_some(e.OrderAccepted)
    assert world.folded().state == world.state


def test_a_control_that_cannot_be_read_still_stops_all_routes() -> None:
    world = trading().when(Raw("controls", key=None, source=None))
    world.then_some(an(e.SuspensionSet, scope=e.ControlScope.CONTROLS))


def test_an_unattributed_record_is_an_error_in_the_log_of_the_worker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = trading().given(Raw("orders", source=None))
    task: Any = type("Task", (), {"_shard": world.shard})
    with caplog.at_level(logging.ERROR):
        ShardTask._tell_strangers(task, world.batches[-1].sealed)  # noqa: SLF001  What it says.
    assert "orders position 0 is unattributed, no header names its sender" in caplog.text
    assert "metaorder dlq list --reason unattributed" in caplog.text


# ------------------------------------------------------------------------------ hostile fields


class Hostile(NamedTuple):
    """A record, and the field that the refusal names."""

    name: str
    record: Any
    reason: e.InputReason | e.RejectReason
    words: str


def sent_by(source: str, one: Any) -> Raw:  # noqa: ANN401  Any event.
    """A readable record whose header names this sender."""
    return Raw(codec.topic_of(one), codec.encode(one), source=source)


INVALID = e.InputReason.INVALID
ID, WINDOW = e.RejectReason.ID_INVALID, e.RejectReason.WINDOW_INVALID
DECISION, OFF_TICK = e.RejectReason.DECISION_PX_INVALID, e.RejectReason.LIMIT_PX_OFF_TICK
REPORTED = e.SendStarted(venue=LIT, child_id="0-9", instrument_id=INSTRUMENT, started_ns=1)
HOSTILE = [
    Hostile("another source in the header", sent_by("T2", order()), INVALID,
            f"source is '{SOURCE}', and the header names 'T2'"),
    Hostile("another source of a cancel", sent_by("T2", cancel()), INVALID, "header names 'T2'"),
    Hostile("an order of the time 0", order(received_ns=0), INVALID,
            "received_ns of OrderSubmitted is 0"),
    Hostile("a cancel of the time 0", cancel(received_ns=0), INVALID, "received_ns of OrderCancel"),
    Hostile("a quote of the time 0", quote(received_ns=0), INVALID, "received_ns of QuoteObserved"),
    Hostile("a venue with a NUL", replace(quote(), venue="N\0"), INVALID, "venue of Quote"),
    Hostile("a venue with a line end", venue("N\n"), INVALID, "venue of VenueDefined is 'N\\n'"),
    Hostile("an id with a NUL", order("A\0B"), ID, "cl_ord_id is 'A\\x00B' of 3 characters"),
    Hostile("an id with a line end", order("A\nB"), ID, "none of them a control"),
    Hostile("a client with an escape", order(client_id="\x1b[2J"), ID, "client_id is '\\x1b[2J'"),
    Hostile("a client with a C1 escape", order(client_id="\x9b2Jé"), ID, "client_id is '\\x9b2Jé'"),
    Hostile("an account of two lines", order(account="a\r\nb"), ID, "account is 'a\\r\\nb'"),
    Hostile("a locate with a NUL", order(locate_id="\0"), ID, "locate_id is '\\x00'"),
    Hostile("a start of 0", order(start_ns=0), WINDOW, "start_ns is 0, expected 1 to"),
    Hostile("a start before the epoch", order(start_ns=-5), WINDOW, "start_ns is -5, expected"),
    Hostile("an end of 0", order(end_ns=0), WINDOW, "end_ns is 0, expected 1 to"),
    Hostile("an end in 2116", order(end_ns=2**62 + 1), WINDOW, "end_ns is 4611686018427387905"),
    Hostile("a decision price of -5", order(decision_px=-5), DECISION, "decision_px is -5"),
    Hostile("a decision price of 0", order(decision_px=0), DECISION, "decision_px is 0"),
    Hostile("a decision price as it is written", order(decision_px=157), DECISION,
            "decision_px is 157, expected 10000000 to 1000000000000000; prices count 1e-9 currency "
            "units, so 1.00 is 1000000000"),
    Hostile("a limit as it is written", order(limit_px=157), OFF_TICK,
            "prices count 1e-9 currency units, so 1.00 is 1000000000"),
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile.name for hostile in HOSTILE])
def test_a_hostile_field_is_refused_by_its_name(hostile: Hostile) -> None:
    world = trading()
    marked = len(world.history())
    world.given(hostile.record)
    (refused,) = world.history()[marked:]
    assert isinstance(refused, e.InputRejected | e.OrderRejected)
    assert refused.reason is hostile.reason
    assert hostile.words in refused.text
    world.when(order("good", client_id=CLIENT, decision_px=px(99.5))).then_some(e.OrderAccepted)


def test_a_report_of_a_venue_under_the_name_of_another_stops_that_venue() -> None:
    world = trading().when(sent_by(OTHER_LIT, REPORTED))
    world.then_some(an(e.SuspensionSet, scope=e.ControlScope.VENUE, scope_id=LIT))
    assert "the header names" in world.all_of(e.InputRejected)[0].text


def test_a_record_without_a_header_whose_body_names_its_sender_is_taken() -> None:
    body = codec.encode(order(received_ns=NOW_NS))
    trading().when(Raw("orders", body, source=None)).then_some(e.OrderAccepted)
