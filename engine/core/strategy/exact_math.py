"""Exponentials, logarithms and asinh with the same result on every machine.

libm's exp, log, pow and sinh differ in the last bit between processors, and one such bit in a
schedule would break the promise that a day can be re-executed byte for byte. `decimal` rounds
its exp and ln correctly by specification, in C as in pure Python, so a result built from them here
depends on its arguments alone: not on the processor, the Python version, or the context of the
calling thread (whose 28 digits even a unary minus obeys). A float becomes a Decimal exactly
(`Decimal(x)`), and a Decimal the nearest float (`float(x)`), so the input and output of a model are
deterministic too.

Results have `PRECISION` significant digits. exp, ln and sqrt of `CONTEXT` are correctly rounded.
asinh is computed with guard digits, as many more as the argument loses by cancellation, and is
wrong by less than 0.51 units of the last digit. Overflow and undefined arguments raise; a result
too small for an exponent of six digits becomes 0.
"""

from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

PRECISION = 40  # Digits: twice those of an int64, and as fast in libmpdec as 34 are.
GUARD_DIGITS = 12  # Covers the seven digits an exponent in front of the point can take.

ONE = Decimal(1)


def _context(precision: int) -> Context:
    return Context(
        prec=precision,
        rounding=ROUND_HALF_EVEN,
        Emin=-999_999,
        Emax=999_999,
        capitals=1,
        clamp=0,
        flags=[],
        traps=[InvalidOperation, DivisionByZero, Overflow],
    )


CONTEXT = _context(PRECISION)  # Models compute in it: `with localcontext(CONTEXT):`.


def asinh(x: Decimal) -> Decimal:
    """Inverse hyperbolic sine, ln(x + sqrt(x^2 + 1)); odd, so computed on the positive side."""
    if _is_its_own_value(x):
        return CONTEXT.plus(x)
    wide = _wide_enough_for(x)
    size = x.copy_abs()
    root = wide.sqrt(wide.fma(size, size, ONE))
    return CONTEXT.plus(wide.ln(wide.add(size, root)).copy_sign(x))


def _is_its_own_value(x: Decimal) -> bool:
    """So small that asinh differs from x by a sixth of x^3, beyond the last digit."""
    return not x or x.adjusted() < -PRECISION


def _wide_enough_for(x: Decimal) -> Context:
    """A context with the digits that subtracting nearly equal numbers will cost."""
    return _context(PRECISION + GUARD_DIGITS + max(0, -x.adjusted()))
