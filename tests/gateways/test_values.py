"""What people write becomes exact integers, or is refused in words."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.units import INT64_MAX, INT64_MIN
from engine.gateways import values

INT64 = st.integers(INT64_MIN, INT64_MAX)


@pytest.mark.parametrize(
    ("convert", "written", "expected"),
    [
        (values.px, "157.25", 157_250_000_000),
        (values.px, Decimal("0.000000001"), 1),
        (values.px, "-1", -1_000_000_000),
        (values.px, "1.5e2", 150_000_000_000),
        (values.px, "9223372036.854775807", INT64_MAX),
        (values.qty, "500", 500),
        (values.qty, "500.000", 500),
        (values.qty, "-100", -100),
        (values.qty, 0, 0),
        (values.ppm, "0.1", 100_000),
        (values.ppm, "10%", 100_000),
        (values.ppm, "0.0001%", 1),
        (values.ppm, "150%", 1_500_000),
        (values.ns, "1970-01-01T00:00:00.000000001Z", 1),
        (values.ns, "2018-01-02T09:30:00-05:00", 1_514_903_400_000_000_000),
        (values.ns, "2018-01-02 14:30Z", 1_514_903_400_000_000_000),
        (values.ns, "1514903400000000000ns", 1_514_903_400_000_000_000),
        (values.ns, "1514903400 s", 1_514_903_400_000_000_000),
        (values.ns, "2261-12-31T23:59:59Z", 9_214_646_399_000_000_000),
        (values.ns, datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (values.duration_ns, "250ms", 250_000_000),
        (values.duration_ns, "1.5 s", 1_500_000_000),
        (values.duration_ns, "30min", 1_800_000_000_000),
        (values.day, "2018-01-02", 20180102),
        (values.day, 20180102, 20180102),
        (values.day, date(2018, 1, 2), 20180102),
        (values.truth, "Yes", True),
        (values.truth, "0", False),
        (values.codes, "DPX1; DPX2;", ("DPX1", "DPX2")),
        (values.codes, ["A"], ("A",)),
        (values.codes, "N,T", ("N", "T")),
    ],
)
def test_a_value_is_converted_exactly(
    convert: Callable[[object], object], written: object, expected: object
) -> None:
    assert convert(written) == expected


@pytest.mark.parametrize(
    ("convert", "written", "words"),
    [
        (values.px, "0.0000000001", "nine decimals"),
        (values.px, "9223372036.854775808", "at most 9223372036.854775807"),
        (values.px, "1e999", "at most"),
        (values.px, "1e-999", "nine decimals"),
        (values.px, "1,000", "currency units"),
        (values.px, "\u0661", "currency units"),
        (values.px, "nan", "currency units"),
        (values.px, 1.5, "currency units"),
        (values.px, "9" * 101, "currency units"),
        (values.qty, "1.5", "whole number"),
        (values.qty, "many", "whole number"),
        (values.qty, "99999999999999999999", "at most 9223372036854775807"),
        (values.qty, True, "whole number"),
        (values.qty, None, "whole number"),
        (values.ppm, "0.0000001", "six decimals"),
        (values.ppm, "ten%", "part of one"),
        (values.ns, "2018-01-02T09:30:00", "with its zone"),
        (values.ns, "2018-13-02T09:30:00Z", "with its zone"),
        (values.ns, datetime(2018, 1, 2, tzinfo=UTC).replace(tzinfo=None), "with its zone"),
        (values.ns, 1.5, "with its zone"),
        (values.ns, True, "with its zone"),
        (values.ns, "1514903400000000000", "a number with its unit"),
        (values.ns, 1_514_903_400, "a number with its unit"),
        (values.ns, "99999999999999999999s", "1678 to 2261"),
        (values.ns, "2300-01-01T00:00:00Z", "1678 to 2261"),
        (values.ns, "1600-01-01T00:00:00Z", "1678 to 2261"),
        (values.ns, datetime(2300, 1, 1, tzinfo=UTC), "1678 to 2261"),
        (values.duration_ns, "5", "with its unit"),
        (values.duration_ns, "0.1ns", "unit"),
        (values.duration_ns, "9e99h", "at most"),
        (values.day, "2018-02-30", "expected a day"),
        (values.day, 1.5, "expected a day"),
        (values.truth, "perhaps", "true or false"),
        (values.text, 5, "expected text"),
        (values.text, "\ud800", "printable"),
        (values.text, "a\x00b", "printable"),
        (values.text, "x" * 201, "200 characters"),
        (values.codes, 5, "codes"),
        (values.codes, ["A"] * 201, "200 codes"),
    ],
)
def test_what_no_event_can_say_is_refused_in_words(
    convert: Callable[[object], object], written: object, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        convert(written)


@for_all(INT64)
def test_a_price_survives_its_decimal_form(number: int) -> None:
    assert values.px(f"{Decimal(number).scaleb(-9):f}") == number


@for_all(st.text(max_size=120))
def test_any_text_is_a_price_or_a_value_error(text: str) -> None:
    try:
        assert INT64_MIN <= values.px(text) <= INT64_MAX
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017  Most texts are refused, some are not.
