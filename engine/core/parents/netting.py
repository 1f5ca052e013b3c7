"""Let opposite interest meet inside before either side goes out.

Consenting, uncommitted quantity of compatible parents crosses at the midpoint of a fresh
consolidated quote: both sides save the spread, and nobody outside learns of either. Each side's
quantity is shared pro rata among its consenting members. A client that stands on both sides is
kept out of the smaller of its sides, so that nobody trades with themselves.
"""

from typing import NamedTuple

from engine.core.controls import risk
from engine.core.events import OrdersCrossed, Side, StageEvent
from engine.core.market import consolidated
from engine.core.parents import aggregation, membership
from engine.core.state.model import Member, Parent
from engine.core.state.state import State


class Consent(NamedTuple):
    """Who may cross on each side, and who was kept out of one."""

    buyers: list[Member]
    sellers: list[Member]
    excluded_clients: tuple[str, ...]


def consenting(buy: Parent, sell: Parent) -> Consent:
    """Members with consent, open quantity and no pending change; none on both sides."""
    bought, sold = by_client(buy), by_client(sell)
    both = sorted(bought.keys() & sold.keys())
    only_sell = {name for name in both if bought[name] < sold[name]}
    if len(bought) == len(only_sell) or len(sold) == len(both) - len(only_sell):
        return Consent([], [], tuple(both))  # Mostly: without adding up members again.
    only_buy = set(both) - only_sell
    return Consent(willing(buy, only_sell), willing(sell, only_buy), tuple(both))


def by_client(parent: Parent) -> dict[str, int]:
    """What the willing members of each client want together."""
    found: dict[str, int] = {}
    for member in parent.consenting.values():
        if member.is_active and (qty := member.open_qty) and member.order.pending is None:
            name = member.order.terms.client_id
            found[name] = found.get(name, 0) + qty
    return found


def willing(parent: Parent, but: set[str]) -> list[Member]:
    """The willing members, but for those of some clients."""
    return [
        member
        for member in parent.consenting.values()
        if member.is_active
        and member.open_qty
        and member.order.pending is None
        and member.order.terms.client_id not in but
    ]


def is_compatible(parent: Parent, other: Parent) -> bool:
    """Whether two opposite parents may exchange the same thing on the same terms."""
    ours, theirs = parent.terms, other.terms
    return (ours.currency, ours.settlement, ours.capacity) == (
        theirs.currency,
        theirs.settlement,
        theirs.capacity,
    )


def accepts_px(parent: Parent, px: int) -> bool:
    limit_px = parent.limit_px
    if limit_px is None:
        return True
    return px <= limit_px if parent.terms.side is Side.BUY else px >= limit_px


def cross(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """One cross with the oldest opposite parent that can give some; () when there is none.

    A parent looks for the other side when its window closes and whenever it is planned after;
    what it finds may still be gathering.
    """
    terms = parent.terms
    if parent.pool_qty <= 0 or now_ns >= terms.end_ns or not parent.consenting:
        return ()
    if not parent.is_released and aggregation.window_closed_by(state, parent, now_ns) is None:
        return ()
    others = partners(state, parent, now_ns)
    if not others:
        return ()  # Asked before the market is looked at: mostly there is nobody.
    best = consolidated.view(state, terms.instrument_id, now_ns)
    mid_px = best.mid_px
    if mid_px is None or best.apart_ns(now_ns) > risk.policy_of(state).cross_quote_age_ns:
        return ()
    if not accepts_px(parent, mid_px) or not aggregation.may_trade(state, parent):
        return ()
    for other in others:
        if accepts_px(other, mid_px) and min(matched(state, *by_way(parent, other))[1:]) > 0:
            return crossed(state, parent, other, best, now_ns)
    return ()


def partners(state: State, parent: Parent, now_ns: int) -> list[Parent]:
    """Opposite parents whose terms allow an exchange now, the oldest first.

    Whose price does, and who has something to give, is asked after: adding up members is most of
    the work of a parent that waits.
    """
    terms = parent.terms
    opposite = Side.SELL if terms.side is Side.BUY else Side.BUY
    return [
        other
        for other in state.by_side.get((terms.instrument_id, opposite), {}).values()
        if other.consenting
        and other.pool_qty > 0
        and other.terms.start_ns <= now_ns < other.terms.end_ns
        and is_compatible(parent, other)
        and not aggregation.has_killed_member(state, other)
    ]


def by_way(parent: Parent, other: Parent) -> tuple[Parent, Parent]:
    """The one that buys, and the one that sells."""
    return (parent, other) if parent.terms.side is Side.BUY else (other, parent)


def matched(state: State, buy: Parent, sell: Parent) -> tuple[Consent, int, int]:
    """Who may cross, and how much of each side."""
    consent = consenting(buy, sell)
    if not consent.buyers or not consent.sellers:
        return consent, 0, 0
    buy_qty = crossable_qty(state, buy, consent.buyers)
    return consent, buy_qty, crossable_qty(state, sell, consent.sellers)


def crossed(
    state: State, parent: Parent, other: Parent, best: consolidated.Nbbo, now_ns: int
) -> tuple[StageEvent, ...]:
    buy, sell = by_way(parent, other)
    consent, buy_qty, sell_qty = matched(state, buy, sell)
    assert best.mid_px is not None, "a cross has a price"
    return (
        OrdersCrossed(
            buy_parent_id=buy.parent_id,
            sell_parent_id=sell.parent_id,
            cross_qty=min(buy_qty, sell_qty),
            cross_px=best.mid_px,
            bid_px=best.bid_px,
            bid_venue=best.bid_venue,
            ask_px=best.ask_px,
            ask_venue=best.ask_venue,
            quote_age_ns=best.age_ns(now_ns),
            buy_consenting_qty=buy_qty,
            sell_consenting_qty=sell_qty,
            excluded_clients=consent.excluded_clients,
        ),
    )


def crossable_qty(state: State, parent: Parent, members: list[Member]) -> int:
    """What the consenting members want and no child or pending change covers."""
    free_qty = parent.pool_qty - membership.pending_qty(state, parent)
    return min(free_qty, sum(member.open_qty for member in members))


def on_orders_crossed(_: State, __: OrdersCrossed) -> None:
    """The quantities move with CrossAllocated, one a side."""
