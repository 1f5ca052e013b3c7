"""Quotes made around prints, for sources without any.

Without a quote the engine prices nothing and trades nothing. On request a print of price p makes
its venue quote p - h and p + h from then on, with a size that the person says. Such quotes are an
invention: they know nothing of the true spread or depth, and they follow every print at once.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from engine.gateways.imports.port import Account, ImportFailedError, Observation, Print, Quote
from engine.gateways.imports.values import plain


class Made(NamedTuple):
    """The quotes to make: half their spread in currency units, and the size of each side."""

    half_spread: Decimal
    size: int  # Smallest increments.


def made(half_spread: str, size: int) -> Made:
    """Raises ImportFailedError."""
    try:
        half = Decimal(half_spread)
    except InvalidOperation:
        half = Decimal(0)
    if not half.is_finite() or half <= 0 or size <= 0:
        raise ImportFailedError(
            f"--half-spread is {half_spread!r} and --made-size {size}, expected a positive price "
            "and a positive size"
        )
    return Made(half, size)


def around(
    observations: Iterator[Observation], wish: Made, account: Account
) -> Iterator[Observation]:
    """The prints, each with a quote around it. Raises ImportFailedError if there are quotes."""
    account.note(
        f"quotes were made around prints, {plain(wish.half_spread)} either side, size {wish.size:,}"
    )
    for seen in observations:
        if isinstance(seen, Quote):
            raise ImportFailedError(
                "the files hold quotes, and --half-spread makes some where there are none. Leave "
                "it out."
            )
        yield seen
        yield _around(seen, wish)


def _around(seen: Print, wish: Made) -> Quote:
    price = Decimal(seen.price)
    bid = price - wish.half_spread
    bid_text, size = (plain(bid), str(wish.size)) if bid > 0 else ("", "")
    ask = plain(price + wish.half_spread)
    return Quote(seen.at_ns, seen.venue, bid_text, size, ask, str(wish.size))
