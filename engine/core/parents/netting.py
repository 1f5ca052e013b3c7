"""Let opposite interest meet inside before either side goes out.

Consenting members cross what no claim of their tranche covers with an opposite parent, at the
midpoint of a fresh consolidated quote, if that is within their limit and their window. Both sides
save the spread, and the market learns of neither. Each side's quantity is shared pro rata among its
consenting members. A client with members on both
sides is left out of the smaller of its sides, so that no client trades with itself.

The parents that have quantity to give are kept by the terms of a cross, by limit, and by their
client if they have one only. So a parent goes over those that accept the price and are not all of
its own client, and not over all that are open.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from engine.core.controls import instructions, risk, stops
from engine.core.events import (
    ChildClosed,
    ChildDoubted,
    ChildRouted,
    CrossAllocated,
    FillAllocated,
    FillReallocated,
    Immediacy,
    MemberAmended,
    MemberJoined,
    MemberLeft,
    OrdersCrossed,
    ParentEnded,
    ParentOpened,
    Side,
    StageEvent,
)
from engine.core.market import belief, consolidated, hours, reference
from engine.core.parents import aggregation, membership
from engine.core.parents.open_parts import willing_by_client
from engine.core.state.limit_ladder import ABOVE_ALL_PX, LimitLadder, Place
from engine.core.state.model import Member, Parent, Tranche
from engine.core.state.state import State

_crossing_terms = attrgetter(*aggregation.CROSSING_TERMS)


class Consent(NamedTuple):
    """The members that may cross on each side, and the clients left out of one side."""

    buyers: list[Member]
    sellers: list[Member]
    excluded_clients: tuple[str, ...]


class Offer(NamedTuple):
    """The quantity that a parent may cross at a price: its tranches, and what is open by client."""

    parent: Parent
    giving: Mapping[int, Tranche]
    by_client: Mapping[str, int]


def offer_of(state: State, parent: Parent, px: int, now_ns: int) -> Offer:
    found = giving(state, parent, px, now_ns)
    return Offer(parent, found, willing_by_client(state, parent, found))


def consenting(buy: Offer, sell: Offer) -> Consent:
    """Members with consent, open quantity and no pending change; each client on one side only."""
    bought, sold = buy.by_client, sell.by_client
    both = sorted(bought.keys() & sold.keys())
    only_sell = {name for name in both if bought[name] < sold[name]}
    if len(bought) == len(only_sell) or len(sold) == len(both) - len(only_sell):
        return Consent([], [], tuple(both))  # One side is empty: the common case, and cheap.
    only_buy = set(both) - only_sell
    buyers = willing(buy.parent, buy.giving, only_sell)
    return Consent(buyers, willing(sell.parent, sell.giving, only_buy), tuple(both))


def giving(state: State, parent: Parent, px: int, now_ns: int) -> dict[int, Tranche]:
    """The tranches that may cross at this price now, by number."""
    if instructions.is_paused(parent):
        return {}
    side, is_free = parent.terms.side, not stops.may_stop_members(state)
    return {
        tranche.number: tranche
        for tranche in parent.open_tranches()
        if tranche.terms.start_ns <= now_ns < tranche.terms.end_ns
        and reference.is_within_limit(side, px, tranche.limit_px)
        and (is_free or stops.of_members(state, tranche) is None)
    }


def willing(parent: Parent, giving: Mapping[int, Tranche], but: set[str]) -> list[Member]:
    """The members with consent, open quantity and no pending change, without some clients."""
    return [
        member
        for member in parent.consenting.values()
        if member.is_active
        and member.open_qty
        and member.order.pending is None
        and member.tranche in giving
        and member.order.terms.client_id not in but
    ]


def offers_key(terms: ParentOpened, side: Side) -> tuple[str, ...]:
    """The key of the parents of a side that may exchange the same thing on the same terms."""
    return (terms.instrument_id, side, *_crossing_terms(terms))


def cross(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """One cross with the oldest opposite parent that has quantity to give; () when there is none.

    A parent seeks the other side when its window closes and whenever it is planned after; the
    opposite parent may still be gathering.
    """
    if not hours.is_open(state, parent.terms.instrument_id, now_ns):
        return ()  # In a break the midpoint is no price.
    best = consolidated.view(state, parent.terms.instrument_id, now_ns)
    for mine, theirs in partners(state, parent, now_ns):
        buy, sell = buyer_and_seller(mine, theirs)
        consent, sides = consenting(buy, sell), (buy.parent, sell.parent)
        qtys = matched_qtys(state, *sides, consent)
        if min(qtys) > 0:
            return (crossed(state, sides, consent, qtys, best, now_ns),)
    return ()


def partners(state: State, parent: Parent, now_ns: int) -> Iterator[tuple[Offer, Offer]]:
    """The parent's offer with each one that it may meet at the midpoint now, the oldest first.

    What the parent offers is added up once, and not before it meets one: that is most of the work
    of a parent that waits.
    """
    terms = parent.terms
    if parent.pool_qty <= 0 or now_ns >= parent.end_ns or not parent.consenting:
        return
    if not parent.is_released and aggregation.window_closed_by(state, parent, now_ns) is None:
        return
    offers = state.offers.get(offers_key(terms, opposite(terms.side)))
    if offers is None:
        return  # Before the market is consulted, as mostly there is no opposite parent.
    best = consolidated.view(state, terms.instrument_id, now_ns)
    mid_px = best.mid_px
    if mid_px is None or best.apart_ns(now_ns) > risk.policy_of(state).cross_quote_age_ns:
        return
    if stops.of_instrument(state, terms.instrument_id) is not None:
        return
    own, mine = giving(state, parent, mid_px, now_ns), None
    if not own:
        return
    least_px, most_px = (0, mid_px) if terms.side is Side.BUY else (mid_px, ABOVE_ALL_PX)
    for parent_id in offers.oldest_first(least_px, most_px, only_client(parent)):
        other = state.parents[parent_id]
        found = giving(state, other, mid_px, now_ns)
        if found:
            mine = mine or Offer(parent, own, willing_by_client(state, parent, own))
            yield mine, Offer(other, found, willing_by_client(state, other, found))


def opposite(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


def only_client(parent: Parent) -> str:
    """The client of all active members; empty if they have several."""
    return next(iter(parent.clients)) if len(parent.clients) == 1 else ""


def inside_qty(state: State, parent: Parent, now_ns: int) -> int:
    """The quantity of a parent with one member that crosses now; exact, before anything does."""
    (member,) = parent.active_members()
    client_id, left_qty = member.order.terms.client_id, parent.open_qty
    is_buy = parent.terms.side is Side.BUY
    for _, theirs in partners(state, parent, now_ns):
        own_qty = theirs.by_client.get(client_id, 0)  # Of the client, on the other side.
        if own_qty > left_qty or (own_qty == left_qty and not is_buy):
            continue  # As `consenting`: its smaller side is left out, the seller's of equal ones.
        members = willing(theirs.parent, theirs.giving, {client_id})
        left_qty -= min(left_qty, crossable_qty(state, theirs.parent, members))
    return parent.open_qty - left_qty


def buyer_and_seller(mine: Offer, theirs: Offer) -> tuple[Offer, Offer]:
    """The offer of the parent that buys, and of the one that sells."""
    return (mine, theirs) if mine.parent.terms.side is Side.BUY else (theirs, mine)


def matched_qtys(state: State, buy: Parent, sell: Parent, consent: Consent) -> tuple[int, int]:
    """The quantity that each side may cross; zeros if one side has no members."""
    if not consent.buyers or not consent.sellers:
        return 0, 0
    buy_qty = crossable_qty(state, buy, consent.buyers)
    return buy_qty, crossable_qty(state, sell, consent.sellers)


def crossed(
    state: State,
    sides: tuple[Parent, Parent],
    consent: Consent,
    qtys: tuple[int, int],
    best: consolidated.Nbbo,
    now_ns: int,
) -> OrdersCrossed:
    buy, sell = sides
    assert best.mid_px is not None, "a cross has a price"
    instrument_id = buy.terms.instrument_id
    near = belief.band(state, instrument_id, state.book(instrument_id), now_ns)
    return OrdersCrossed(
        buy_parent_id=buy.parent_id,
        sell_parent_id=sell.parent_id,
        cross_qty=min(qtys),
        cross_px=best.mid_px,
        bid_px=best.bid_px,
        bid_venue=best.bid_venue,
        ask_px=best.ask_px,
        ask_venue=best.ask_venue,
        quote_age_ns=best.age_ns(now_ns),
        buy_consenting_qty=qtys[0],
        sell_consenting_qty=qtys[1],
        excluded_clients=consent.excluded_clients,
        good_px=near.good_px,
        band_px=near.band_px,
    )


def crossable_qty(state: State, parent: Parent, members: Sequence[Member]) -> int:
    """The part of those members' open quantity that may cross; never what children may still fill.

    A late fill for members that are done leaves a tranche with less open than its claims, so the
    tranches together may have more free than their parent.
    """
    most_qty = max(0, parent.pool_qty)
    return min(sum(crossable_qtys(state, parent, members).values()), most_qty)


def crossable_qtys(state: State, parent: Parent, members: Sequence[Member]) -> dict[int, int]:
    """Open quantity of consenting members that no claim or pending change covers, by tranche."""
    found: dict[int, int] = {}
    for member in members:
        found[member.tranche] = found.get(member.tranche, 0) + member.open_qty
    for number, open_qty in found.items():
        tranche = parent.tranches[number]
        free_qty = tranche.pool_qty - membership.pending_qty(state, parent, tranche)
        found[number] = max(0, min(free_qty, open_qty))
    return found


# ------------------------------------------------------------------------------ evolve


def on_orders_crossed(_: State, __: OrdersCrossed) -> None:
    """The quantities move with CrossAllocated, one a side."""


def on_quantity_changed(state: State, event: Any) -> None:  # noqa: ANN401  Any event of a parent.
    """Keep a parent among the offers as long as it has quantity to give."""
    parent = state.parents.get(event.parent_id)
    if parent is None:
        return  # A late fill of a parent that has ended.
    is_fok = parent.terms.immediacy is Immediacy.FOK  # It meets others itself, wholly or not.
    if parent.pool_qty <= 0 or not parent.consenting or is_fok:
        remove_offer(state, parent)
        return
    terms, px = parent.terms, parent.limit_px  # The loosest: who accepts a price is asked later.
    if px is None:
        px = ABOVE_ALL_PX if terms.side is Side.BUY else 0
    key = offers_key(terms, terms.side)
    offers = state.offers.get(key)
    if offers is None:
        offers = state.offers[key] = LimitLadder()
    offers.put(parent.parent_id, Place(px, only_client(parent), parent.seq))


def on_parent_ended(state: State, event: ParentEnded) -> None:
    remove_offer(state, state.parents_ended[event.parent_id])


def remove_offer(state: State, parent: Parent) -> None:
    key = offers_key(parent.terms, parent.terms.side)
    offers = state.offers.get(key)
    if offers is None:
        return
    offers.remove(parent.parent_id)
    if not offers.places:
        del state.offers[key]


# Every event that changes the quantity that no child covers; of fills the one that ends the change.
EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrdersCrossed: on_orders_crossed,
    **dict.fromkeys(
        (
            *(MemberJoined, MemberAmended, MemberLeft, CrossAllocated, FillAllocated),
            *(FillReallocated, ChildRouted, ChildClosed, ChildDoubted),
        ),
        on_quantity_changed,
    ),
    ParentEnded: on_parent_ended,
}
