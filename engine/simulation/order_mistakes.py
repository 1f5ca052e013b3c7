"""Rows that are wrong on purpose: each must be refused with a reason, and none may be lost."""

from collections.abc import Callable, Mapping

from engine.simulation.chance import Draw, below
from engine.simulation.market.data import FolderFacts

MISTAKE_EVERY = 50  # One in so many orders, each kind in turn.
MINUTE_NS = 60_000_000_000
MS_NS = 1_000_000

Row = dict[str, str]

AFTER_CLOSE, BEFORE_OPEN, DUPLICATE = "after the close", "before the open", "duplicate id"
# The fields that each mistake writes over a good row, given a price on the tick and one off it.
SPOILS: Mapping[str, Callable[[str, str], Row]] = {
    AFTER_CLOSE: lambda _, __: {},
    BEFORE_OPEN: lambda _, __: {},
    DUPLICATE: lambda _, __: {},  # The row before, once more.
    "unknown instrument": lambda _, __: {"instrument_id": "NO-SUCH"},
    "unknown client": lambda _, __: {"client_id": "C99"},
    "negative quantity": lambda _, __: {"order_qty": "-100"},
    "zero quantity": lambda _, __: {"order_qty": "0"},
    "quantity out of range": lambda _, __: {"order_qty": "9000000000000000000"},
    "quantity beyond 64 bits": lambda _, __: {"order_qty": "99999999999999999999"},
    "limit off the tick": lambda _, off: {"order_type": "LIMIT", "limit_px": off},
    "limit missing": lambda _, __: {"order_type": "LIMIT", "limit_px": ""},
    "limit on a market order": lambda on, _: {"order_type": "MARKET", "limit_px": on},
}
MISTAKES = tuple(SPOILS)


def mistake_of(draw: Draw) -> str:
    """The name of an order's mistake; empty if it has none."""
    block, place = divmod(draw.number, MISTAKE_EVERY)
    wrong = below(MISTAKE_EVERY, draw.seed, "mistake", block)
    return MISTAKES[block % len(MISTAKES)] if place == wrong else ""


def bad_count(count: int, seed: int) -> int:
    """Number of the orders of a file that are wrong on purpose."""
    return sum(bool(mistake_of(Draw(seed, "order", number))) for number in range(count))


def moved_ns(mistake: str, facts: FolderFacts, at_ns: int, draw: Draw) -> int:
    """The time of the row: an order for a closed session is outside of the session."""
    away_ns = MINUTE_NS + draw.below(9 * MINUTE_NS, "outside") // MS_NS * MS_NS
    if mistake == AFTER_CLOSE:
        return facts.close_ns + away_ns
    return facts.open_ns - away_ns if mistake == BEFORE_OPEN else at_ns


def spoiled(mistake: str, row: Row, last_good: Row | None, on_tick: str, off_tick: str) -> Row:
    """The row with its mistake; a duplicate needs a good row before it."""
    if mistake == DUPLICATE and last_good is not None:
        return {**last_good, "ts": row["ts"]}
    return {**row, **SPOILS[mistake](on_tick, off_tick)}
