"""The functions against wider arithmetic, and their independence of the caller's context."""

import math
from decimal import Context, Decimal, InvalidOperation, Overflow, localcontext

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.strategy.exact_math import CONTEXT, PRECISION, asinh, exp, ln, power, sinh

WIDE = Context(prec=200, Emin=-999_999, Emax=999_999)
REALS = st.decimals(min_value=-200, max_value=200, allow_nan=False, places=25)
TINY = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(-exponent),
    st.integers(-(10**15), 10**15),
    st.integers(13, 70),
)
POSITIVE = st.decimals(min_value="1e-20", max_value="1e20", allow_nan=False)


def assert_close(got: Decimal, exact: Decimal) -> None:
    """Within 0.51 units of the last digit."""
    unit = Decimal(1).scaleb(exact.adjusted() - PRECISION + 1)
    assert WIDE.subtract(got, exact).copy_abs() <= WIDE.multiply(unit, Decimal("0.51"))


@for_all(REALS | TINY)
def test_sinh_keeps_its_digits(x: Decimal) -> None:
    exact = WIDE.divide(WIDE.subtract(WIDE.exp(x), WIDE.exp(x.copy_negate())), 2)
    assert_close(sinh(x), exact)


@for_all(REALS | TINY)
def test_asinh_keeps_its_digits(x: Decimal) -> None:
    size = x.copy_abs()
    root = WIDE.sqrt(WIDE.fma(size, size, 1))
    assert_close(asinh(x), WIDE.ln(WIDE.add(size, root)).copy_sign(x))


@for_all(REALS)
def test_asinh_undoes_sinh(x: Decimal) -> None:
    assert math.isclose(asinh(sinh(x)), x, rel_tol=1e-15, abs_tol=1e-30)


@for_all(POSITIVE, REALS)
def test_powers_are_exponentials_of_logarithms(base: Decimal, exponent: Decimal) -> None:
    assert_close(power(base, exponent), WIDE.exp(WIDE.multiply(exponent, WIDE.ln(base))))


@for_all(POSITIVE)
def test_ln_undoes_exp(x: Decimal) -> None:
    assert math.isclose(exp(ln(x)), x, rel_tol=1e-15)


def test_a_square_root_is_a_power() -> None:
    assert power(Decimal(2), Decimal("0.5")) == CONTEXT.sqrt(Decimal(2))
    assert power(Decimal(10), Decimal(0)) == 1
    assert power(Decimal(0), Decimal("0.6")) == 0


def test_a_number_too_small_to_differ_is_its_own_sine() -> None:
    tiny = Decimal("1e-900000")
    assert sinh(tiny) == asinh(tiny) == tiny
    assert sinh(Decimal(0)) == asinh(Decimal(0)) == 0


@pytest.mark.parametrize(("base", "exponent"), [(-1, 2), (0, 0), (0, -1)])
def test_a_power_that_is_not_real_is_refused(base: int, exponent: int) -> None:
    with pytest.raises(ValueError, match=f"base {base} to {exponent}"):
        power(Decimal(base), Decimal(exponent))


def test_what_overflows_or_is_undefined_raises_and_what_underflows_is_zero() -> None:
    with pytest.raises(Overflow):
        exp(Decimal(10_000_000))
    with pytest.raises(InvalidOperation):
        ln(Decimal(-1))
    assert exp(Decimal(-10_000_000)) == 0


def test_the_callers_context_has_no_say() -> None:
    x = Decimal("1.2345678901234567890123456789012345")
    functions = (exp, ln, sinh, asinh, lambda value: power(value, value))
    expected = [function(x) for function in functions]
    with localcontext(Context(prec=5)):
        assert [function(x) for function in functions] == expected
