"""A small log for each reference case: events that carry the case's numbers to the views.

Prices and times of the cases fit the log's integers exactly. A fee is spread over the executed
quantity and rounded to 1e-9 for each unit, so the sum is off by at most half a unit of 1e-9 for
each share: 5e-7 currency units in these cases, below their tolerance of 1e-6.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from projection_world import (
    World,
    at,
    fill,
    later,
    px,
    quote,
    reference,
    result,
    route,
    share,
    trade,
    work_order,
)

from engine.core import events as e

LIT = [("Q", "NASDAQ", e.VenueKind.LIT)]
CENT = Fraction(1, 100)
HORIZON_S = 300  # Of the later midpoint, as fill_quotes has it.
TEN = "10:00:00"

Write = Callable[[World], object]
Amount = int | Fraction


def side_of(inputs: dict[str, Any]) -> e.Side:
    return e.Side(inputs["side"].upper())


def end(world: World, small: str, parent: str, order_qty: int, filled_qty: int, clock: str) -> None:
    """The parent ends, and the rest of its one order expires."""
    rest_qty = order_qty - filled_qty
    ended = {"parent_id": parent, "filled_qty": filled_qty}
    world.emit("plan:", e.ParentEnded, **ended, returned_qty=rest_qty)
    members = (result(small, order_qty, 0, filled_qty, rest_qty),)
    world.emit("plan:", e.ParentReconciled, **ended, members=members)
    if rest_qty:
        gone = {"withdrawn_qty": rest_qty, "reason": e.WithdrawReason.DAY_CLOSED}
        world.emit("plan:", e.OrderExpired, order_id=small, **gone)
    world.seal(at(clock))


def fills(
    world: World,
    parent: str,
    small: str,
    side: e.Side,
    executions: Sequence[tuple[int, Amount, str]],
    fee_px: int = 0,
    *,
    first: int = 0,
) -> None:
    """One child for each execution (quantity, price, time), filled whole.

    The ids of the reports count from `first`.
    """
    for number, (qty, price, clock) in enumerate(executions, first):
        child = route(world, parent, "Q", qty, price, side=side, slice_px=None)
        done = {"cum_qty": qty, "transact_ns": at(clock), "parts": (share(small, qty),)}
        more = {"side": side, "fee_px": fee_px, "exec_id": f"E{number}"}
        fill(world, parent, child, "Q", qty, price, **done, **more)
        world.seal(at(clock))


def shortfall_world(inputs: dict[str, Any]) -> Write:
    """Decided, accepted at the decision price, released at the arrival price, filled, ended."""

    def write(world: World) -> None:
        side, qty, executed = side_of(inputs), inputs["order_qty"], inputs["fills"]
        arrival = inputs.get("arrival_price", inputs["decision_price"])
        reference(world, LIT)
        small, parent = work_order(
            world,
            side,
            qty,
            "09:40:00",
            decision_px=px(inputs["decision_price"]),
            arrival_mid_px=px(inputs["decision_price"]),
            release_mid_px=px(arrival),
        )
        trade(world, "09:50:00", inputs["final_price"])
        filled = sum(part for part, _ in executed)
        fee_px = round(Fraction(inputs["fees"]) * 10**9 / filled) if filled else 0
        timed = [(part, price, later(TEN, n)) for n, (part, price) in enumerate(executed)]
        fills(world, parent, small, side, timed, fee_px)
        end(world, small, parent, qty, filled, "11:00:00")

    return write


# How long each price of the book's day was in force, in s: weighted by it they average 92.2.
IN_FORCE_S = (1_000, 1_000, 1_000, 13_720, 1_000, 1_000, 1_000, 3_680)
IN_TURN = (0, 1, 2, 3, 4, 6, 7, 5)  # The day closes at 93.


def johnson_world(
    order: dict[str, Any], levels: Sequence[tuple[Amount, int]], arrival: Amount
) -> Write:
    """The book's day: its volume at each price, and its order from the open to the close."""

    def write(world: World) -> None:
        side, qty = side_of(order), order["order_qty"]
        reference(world, LIT)
        decided = {"decision_px": px(order["decision_price"]), "release_mid_px": px(arrival)}
        small, parent = work_order(world, side, qty, "09:30:00", **decided)
        clock = "09:30:00"
        for level, length_s in zip(IN_TURN, IN_FORCE_S, strict=True):
            price, volume = levels[level]
            trade(world, clock, price, volume)
            clock = later(clock, length_s)
        timed = [(part, price, later(TEN, n)) for n, (part, price) in enumerate(order["fills"])]
        fills(world, parent, small, side, timed)
        end(world, small, parent, qty, sum(part for part, _ in order["fills"]), "16:00:00")

    return write


def vwap_world(inputs: dict[str, Any]) -> Write:
    """The prints of a tape that shows our own executions, around the life of a parent."""

    def write(world: World) -> None:
        start, stop = int(inputs["start"]), int(inputs["end"])
        reference(world, LIT, own_on_tape=True)
        own = [
            (qty, price, later(TEN, int(when)))
            for when, price, qty, _, is_own in inputs["trades"]
            if is_own
        ]
        filled = sum(qty for qty, _, _ in own)
        small, parent = work_order(world, e.Side.BUY, filled + 100, later(TEN, start))
        for when, price, qty, eligible, _ in inputs["trades"]:
            trade(world, later(TEN, int(when)), price, qty, eligible=eligible)
        fills(world, parent, small, e.Side.BUY, own)
        end(world, small, parent, filled + 100, filled, later(TEN, stop))

    return write


def twap_world(inputs: dict[str, Any]) -> Write:
    """A print for each tick, and a parent that works from the start to the end."""

    def write(world: World) -> None:
        start, stop = int(inputs["start"]), int(inputs["end"])
        reference(world, LIT)
        for when, price in inputs["ticks"]:
            trade(world, later(TEN, int(when)), price)
        small, parent = work_order(world, e.Side.BUY, 100, later(TEN, start))
        end(world, small, parent, 100, 0, later(TEN, stop))

    return write


def spread_world(trades: Sequence[Sequence[Any]], mid_later: Amount | None = None) -> Write:
    """A fill just after each quote; trades are (side, price, bid, ask, quantity).

    All have one side. A later midpoint is that of a quote a cent around it, at the horizon.
    """

    def write(world: World) -> None:
        side = e.Side(trades[0][0].upper())
        total = sum(qty for *_, qty in trades)
        reference(world, LIT)
        small, parent = work_order(world, side, total)
        clock = TEN
        for number, (_, price, bid, ask, qty) in enumerate(trades):
            quote(world, clock, bid, ask)
            clock = later(clock, 1)
            child = route(world, parent, "Q", qty, price, side=side, slice_px=None)
            done = {"cum_qty": qty, "transact_ns": at(clock), "parts": (share(small, qty),)}
            fill(world, parent, child, "Q", qty, price, side=side, exec_id=f"E{number}", **done)
            world.seal(at(clock))
        if mid_later is not None:
            quote(world, later(clock, HORIZON_S - 1), mid_later - CENT, mid_later + CENT)
        end(world, small, parent, total, total, later(clock, HORIZON_S))

    return write


def leakage_world(inputs: dict[str, Any]) -> Write:
    """A route that saw one midpoint, and a first fill at another."""

    def write(world: World) -> None:
        side = side_of(inputs)
        before, first = inputs["mid_at_route"], inputs["mid_at_first_fill"]
        reference(world, LIT)
        small, parent = work_order(world, side, 200)
        seen = {"bid_px": px(before - CENT), "ask_px": px(before + CENT)}
        child = route(world, parent, "Q", 200, first, side=side, slice_px=None, **seen)
        world.seal(at(TEN))
        quote(world, later(TEN, 1), first - CENT, first + CENT)
        for number, seconds in enumerate((2, 9)):
            clock = later(TEN, seconds)
            left = {"leaves_qty": 100 - 100 * number, "cum_qty": 100 + 100 * number}
            done = {"transact_ns": at(clock), "parts": (share(small, 100),), **left}
            fill(world, parent, child, "Q", 100, first, side=side, exec_id=f"E{number}", **done)
            world.seal(at(clock))
            quote(world, later(clock, 1), first + 4 * CENT, first + 6 * CENT)
        end(world, small, parent, 200, 200, later(TEN, 60))

    return write


ORDER_TYPES: dict[str, dict[str, Any]] = {
    "Limit": {},
    "Limit (Mid-Point)": {"child_type": e.ChildType.MIDPOINT_PEG},
    "Market": {"time_in_force": e.ChildTimeInForce.IOC},
}
TENTH_OF_A_CENT = Fraction(1, 1000)


def sample_world(children: Sequence[dict[str, Any]], side: e.Side) -> Write:
    """The sample table: one order in five children, each against the market of its own minute."""

    def write(world: World) -> None:
        lit = e.VenueKind.LIT
        reference(world, [(f"V{n}", child["venue"], lit) for n, child in enumerate(children)])
        small, parent = work_order(world, side, sum(child["quantity"] for child in children))
        for number, row in enumerate(children):
            qty, start, venue = row["quantity"], row["time"], f"V{number}"
            minute, vwap = later(start, 60), row["benchmark_vwap"]
            trade(world, f"{start[:-2]}00", 150)  # Before the route: no part of its market.
            more = ORDER_TYPES[row["order_type"]] | {"side": side, "slice_px": None}
            child = route(world, parent, venue, qty, row["price"], **more)
            world.seal(at(start))
            trade(world, start, vwap - TENTH_OF_A_CENT, 300)
            trade(world, start, vwap + TENTH_OF_A_CENT, 300)
            trade(world, minute, 50)  # At its last fill: no longer its market.
            done = {"cum_qty": qty, "transact_ns": at(minute), "parts": (share(small, qty),)}
            fill(world, parent, child, venue, qty, row["price"], side=side, **done)
            world.seal(at(minute))

    return write


def tape_world(prints: Sequence[e.TradeObserved]) -> Write:
    """A recorded day: its prints and nothing else."""

    def write(world: World) -> None:
        reference(world, LIT)
        world.inputs(prints)
        world.seal(at("16:00:00"))

    return write


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row in exact fractions, as the models have them."""
    return {
        name: Fraction(value) if isinstance(value, float | Decimal) else value
        for name, value in row.items()
    }
