"""The headers that name a record's sender and a dead letter's rejection, written and read."""

import pytest

from engine.log.headers import (
    VENUE,
    Rejection,
    Sender,
    known_headers,
    rejection_headers,
    rejection_of,
    sender_headers,
    sender_of,
)
from engine.log.port import Headers


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ((("source", b"oms"), ("number", b"17")), Sender("oms", 17)),
        ((("venue", b"N"),), Sender("N", -1)),
        ((("source", b"oms"), ("venue", b"N")), Sender("oms", -1)),
        ((("source", b""), ("venue", b"N")), Sender("N", -1)),
        ((("source", b"a"), ("source", b"b")), Sender("b", -1)),
        ((), Sender("", -1)),
        ((("source", b""), ("number", b"")), Sender("", -1)),
        ((("number", b"-5"),), Sender("", -1)),
        ((("number", "\u0663".encode()),), Sender("", -1)),
        ((("number", b"9" * 18),), Sender("", 10**18 - 1)),
        ((("number", b"9" * 19),), Sender("", -1)),
        ((("number", b"9" * 5_000),), Sender("", -1)),
        ((("source", b"\xff" * 300),), Sender("\ufffd" * 200, -1)),
    ],
)
def test_a_sender_is_what_its_headers_say(headers: Headers, sender: Sender) -> None:
    assert sender_of(headers) == sender


def test_a_sender_is_read_from_the_headers_that_were_written() -> None:
    assert sender_headers("oms", 17) == (("source", b"oms"), ("number", b"17"))
    assert sender_headers("N", 3, header=VENUE) == (("venue", b"N"), ("number", b"3"))
    assert sender_of(sender_headers("N", 3, header=VENUE)) == Sender("N", 3)


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        (Sender("oms", 0), (("source", b"oms"), ("number", b"0"))),
        (Sender("oms", -1), (("source", b"oms"),)),
        (Sender("", 17), (("number", b"17"),)),
        (Sender("", -1), ()),
    ],
)
def test_headers_leave_out_what_is_unknown(sender: Sender, headers: Headers) -> None:
    assert known_headers(sender) == headers


def test_a_rejection_is_read_from_the_headers_that_were_written() -> None:
    rejection = Rejection("orders", 17, "UNREADABLE")
    headers = (("topic", b"orders"), ("position", b"17"), ("reason", b"UNREADABLE"))
    assert rejection_headers(rejection) == headers
    assert rejection_of((*headers, *sender_headers("oms", 3))) == rejection
    assert rejection.is_known


@pytest.mark.parametrize(
    ("headers", "rejection"),
    [
        ((), Rejection("", -1, "")),
        ((("topic", b"orders"), ("reason", b"X")), Rejection("orders", -1, "X")),
        ((("topic", b"orders"), ("position", b"1")), Rejection("orders", 1, "")),
        ((("position", b"1"), ("reason", b"X")), Rejection("", 1, "X")),
        (
            (("topic", b"\xff"), ("position", b"-1"), ("reason", b"\xff")),
            Rejection("\ufffd", -1, "\ufffd"),
        ),
        (
            (("topic", b"orders"), ("position", b"9" * 19), ("reason", b"X")),
            Rejection("orders", -1, "X"),
        ),
    ],
)
def test_a_rejection_that_cannot_be_read_counts_as_unknown(
    headers: Headers, rejection: Rejection
) -> None:
    assert rejection_of(headers) == rejection
    assert not rejection.is_known
