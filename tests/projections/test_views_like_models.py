"""For any small day the rows of the views are what the exact models compute."""

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from models import benchmarks, shortfall, spreads
from projection_world import World, later, projected, quote, reference, rows, trade, work_order
from reference_cases import check_value
from reference_worlds import LIT, end, fills, plain

from engine.core import events as e

SHORTFALLS = ("perold", "wagner", "cfa")
FROM, UNTIL = "10:00:00", "11:00:00"
LIFE_S = 3_600
CENTS = st.integers(5_000, 15_000).map(lambda cents: Fraction(cents, 100))
# Money and prices come out to 1e-9 currency units, and floats carry 15 digits.
TOLERANCE = {"abs": Fraction(1, 10**6), "rel": Fraction(1, 10**9)}


class Quoted(NamedTuple):
    """A fill, and the quote a second before it."""

    qty: int
    price: Fraction
    bid: Fraction
    ask: Fraction


class SmallDay(NamedTuple):
    """One parent's hour; prints are (seconds from its release, price, quantity, eligible)."""

    side: e.Side
    rest_qty: int
    decision: Fraction
    arrival: Fraction
    prints: list[tuple[int, Fraction, int, bool]]
    fills: list[Quoted]
    fee_px: int

    @property
    def order_qty(self) -> int:
        return self.rest_qty + sum(one.qty for one in self.fills)

    def write(self, world: World) -> None:
        reference(world, LIT)
        prices = {
            "decision_px": int(self.decision * 10**9),
            "release_mid_px": int(self.arrival * 10**9),
        }
        small, parent = work_order(world, self.side, self.order_qty, FROM, **prices)
        for seconds, price, qty, eligible in self.prints:
            trade(world, later(FROM, seconds), price, qty, eligible=eligible)
        for number, one in enumerate(self.fills):
            clock = later(FROM, 60 * (number + 1))
            quote(world, later(clock, -1), one.bid, one.ask)
            executions = [(one.qty, one.price, clock)]
            fills(world, parent, small, self.side, executions, self.fee_px, first=number)
        filled_qty = self.order_qty - self.rest_qty
        end(world, small, parent, self.order_qty, filled_qty, UNTIL)


QUOTED = st.builds(
    lambda qty, price, bid, width: Quoted(qty, price, bid, bid + width),
    st.integers(1, 500).map(lambda lots: 100 * lots),
    CENTS,
    CENTS,
    st.integers(-3, 9).map(lambda cents: Fraction(cents, 100)),
)
PRINTS = st.lists(
    st.tuples(st.integers(-60, LIFE_S + 60), CENTS, st.integers(1, 900), st.booleans()), max_size=12
)
DAYS = st.builds(
    SmallDay,
    side=st.sampled_from(e.Side),
    rest_qty=st.integers(1, 50).map(lambda lots: 100 * lots),
    decision=CENTS,
    arrival=CENTS,
    prints=PRINTS,
    fills=st.lists(QUOTED, max_size=4),
    fee_px=st.integers(0, 10**7),
)


def agrees(row: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        check_value(name, row[name], value, TOLERANCE)


@pytest.mark.slow
@settings(max_examples=12)
@for_all(DAYS)
def test_a_small_day_in_the_views_is_that_of_the_models(day: SmallDay) -> None:
    with (
        TemporaryDirectory() as folder,
        projected(Path(folder), day.write) as connection,
    ):

        def parent(view: str) -> dict[str, Any]:
            (row,) = rows(connection, f"from {view} where kind = 'PARENT'")
            return plain(row)

        check_shortfall(day, {name: parent(f"shortfall_{name}") for name in SHORTFALLS})
        check_interval(day, parent("interval_benchmarks"))
        check_spreads(day, rows(connection, "from fill_spreads order by seq"))


def check_shortfall(day: SmallDay, found: dict[str, dict[str, Any]]) -> None:
    """The rest is worth the last eligible print before the end, else the arrival price."""
    ordered = sorted(
        day.prints, key=lambda one: one[0]
    )  # Stable: of one time the later in the log.
    before = [price for when, price, _, eligible in ordered if eligible and when < LIFE_S]
    inputs: dict[str, Any] = {
        "side": day.side,
        "order_qty": day.order_qty,
        "decision_price": day.decision,
        "final_price": before[-1] if before else day.arrival,
        "fills": [(one.qty, one.price) for one in day.fills],
        "fees": Fraction(day.fee_px, 10**9) * sum(one.qty for one in day.fills),
    }
    agrees(found["perold"], asdict(shortfall.perold(**inputs)))
    inputs["arrival_price"] = day.arrival
    agrees(found["wagner"], asdict(shortfall.wagner(**inputs)))
    agrees(found["cfa"], asdict(shortfall.cfa(**inputs)))


def check_interval(day: SmallDay, row: dict[str, Any]) -> None:
    trades = [
        benchmarks.Trade(at=when, price=price, quantity=qty, eligible=eligible, own=False)
        for when, price, qty, eligible in day.prints
    ]
    model = asdict(benchmarks.interval_vwap(trades, 0, LIFE_S))
    agrees(row | {"volume_all": row["volume_all_qty"]}, model)
    ticks = sorted(
        ((when, price) for when, price, _, eligible in day.prints if eligible),
        key=lambda tick: tick[0],
    )
    known = bool(ticks) and ticks[0][0] <= 0
    agrees(row, {"twap": benchmarks.twap(ticks, 0, LIFE_S) if known else None})


def check_spreads(day: SmallDay, found: list[dict[str, Any]]) -> None:
    """Quotes are half a minute old at most, so none is left five minutes after a fill."""
    assert len(found) == len(day.fills)
    for row, one in zip(found, day.fills, strict=True):
        agrees(plain(row), asdict(spreads.spread(day.side, one.price, one.bid, one.ask)))
