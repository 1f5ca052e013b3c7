"""The gaps of a recorded day, and what the engine cannot do for them; said before and after a run.

A folder of prints alone, of quotes alone or of one venue is a market, but a smaller one, and a
figure of its run means less. What was assumed, because `instrument.toml` does not say it, and what
could not be understood, is said too.
"""

from collections.abc import Iterator

from engine.simulation.market.data import FolderFacts
from engine.simulation.market.rows import OFF_EXCHANGE

CODES_SHOWN = 5


def gaps(facts: FolderFacts) -> list[str]:
    """One sentence a gap; empty for a day that has everything."""
    return [*_absences(facts), *_assumptions(facts), *_not_understood(facts)]


def _absences(facts: FolderFacts) -> Iterator[str]:
    lit = [venue for venue in facts.venues if venue != OFF_EXCHANGE]
    if not facts.quote_count:
        yield "no quotes: nothing can be priced, so nothing is crossed, posted or taken"
    elif not facts.session_quote_count:
        yield "no quotes between open and close: nothing can be priced in the session"
    if not facts.trade_count:
        yield "no prints: volume, VWAP and last price are unknown; posts are never filled"
    elif not facts.eligible_count:
        yield "no print counts for volume and VWAP: all have conditions or corrections against it"
    elif not facts.session_trade_count:
        yield "no prints between open and close: the session has no volume and no VWAP"
    if len(lit) == 1:
        yield f"one venue, {lit[0]}: there is nothing to choose between exchanges"


def _assumptions(facts: FolderFacts) -> Iterator[str]:
    instrument = facts.instrument
    if facts.quote_count and "quote_size_unit" not in instrument.given:
        yield (
            f"instrument.toml does not say quote_size_unit: sizes were read as lots of "
            f"{instrument.lot_qty:,}"
        )
    if facts.trade_count and "conditions" not in instrument.given:
        yield "instrument.toml does not say conditions: sale conditions were read as the CTA's"


def _not_understood(facts: FolderFacts) -> Iterator[str]:
    if facts.unknown_codes:
        count = sum(count for _, count in facts.unknown_codes)
        shown = ", ".join(f"{code!r:.20} {n:,}" for code, n in facts.unknown_codes[:CODES_SHOWN])
        yield (
            f"{count:,} of {facts.trade_count:,} prints have codes that the vocabulary "
            f"{facts.instrument.conditions} lacks, and count by the others: {shown}"
        )
    if facts.duplicate_count:
        yield f"{facts.duplicate_count:,} prints were left out: their exchange and id came before"
    if facts.disordered_count:
        yield f"{facts.disordered_count:,} rows were behind a later one and were put in order"
