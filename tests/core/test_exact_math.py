"""asinh against wider arithmetic, and its independence of the caller's context."""

from decimal import Context, Decimal, InvalidOperation, Overflow, localcontext

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.strategy.exact_math import CONTEXT, PRECISION, asinh

WIDE = Context(prec=200, Emin=-999_999, Emax=999_999)
REALS = st.decimals(min_value=-200, max_value=200, allow_nan=False, places=25)
TINY = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(-exponent),
    st.integers(-(10**15), 10**15),
    st.integers(13, 70),
)


def assert_close(got: Decimal, exact: Decimal) -> None:
    """Within 0.51 units of the last digit."""
    unit = Decimal(1).scaleb(exact.adjusted() - PRECISION + 1)
    assert WIDE.subtract(got, exact).copy_abs() <= WIDE.multiply(unit, Decimal("0.51"))


@for_all(REALS | TINY)
def test_asinh_keeps_its_digits(x: Decimal) -> None:
    size = x.copy_abs()
    root = WIDE.sqrt(WIDE.fma(size, size, 1))
    assert_close(asinh(x), WIDE.ln(WIDE.add(size, root)).copy_sign(x))


def test_a_number_too_small_to_differ_is_its_own_asinh() -> None:
    tiny = Decimal("1e-900000")
    assert asinh(tiny) == tiny
    assert asinh(Decimal(0)) == 0


def test_a_result_that_overflows_or_is_undefined_raises_and_an_underflow_is_zero() -> None:
    with pytest.raises(Overflow):
        CONTEXT.exp(Decimal(10_000_000))
    with pytest.raises(InvalidOperation):
        CONTEXT.ln(Decimal(-1))
    assert CONTEXT.exp(Decimal(-10_000_000)) == 0


def test_the_context_of_the_caller_changes_no_digit() -> None:
    x = Decimal("1.2345678901234567890123456789012345")
    expected = asinh(x)
    with localcontext(Context(prec=5)):
        assert asinh(x) == expected
