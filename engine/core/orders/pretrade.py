"""The checks before the market: the first that applies is the reason of the refusal.

The checks are in tables, in the order of their precedence, so that a request is refused for the
same reason on every replay. A new order passes CHECKS; an amend that asks for more passes the
checks of a new order; a carried order passes RECHECKS on each new day, before it is placed again.

A check that cannot be made is a refusal: an order whose value is limited and has no price to be
valued at is not accepted (SEC Rule 15c3-5, controls applied before the market, not after).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from engine.core.controls import allotments, limits, positions, rates, risk
from engine.core.controls.input_limits import ID_CHARS_MAX, PX_MAX, QTY_MAX, is_id
from engine.core.events import (
    Immediacy,
    MandateSet,
    OrderSubmitted,
    OrderType,
    RejectReason,
    Side,
)
from engine.core.market import consolidated, hours, reference
from engine.core.orders import terms
from engine.core.orders.terms import Refusal
from engine.core.state.model import Order
from engine.core.state.state import State

PPM = 1_000_000


class Asked(Protocol):
    """The fields that the forbidding checks read, of a new order or an accepted one."""

    @property
    def source(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def instrument_id(self) -> str: ...


class Timed(Protocol):
    """The fields that the check of the session reads."""

    @property
    def instrument_id(self) -> str: ...
    @property
    def immediacy(self) -> Immediacy: ...


class Priced(Asked, Protocol):
    """The fields that the checks of value read, of a new order or of one as amended."""

    @property
    def side(self) -> Side: ...
    @property
    def order_qty(self) -> int: ...
    @property
    def limit_px(self) -> int | None: ...


# ------------------------------------------------------------------------------ checks


def check_ids(_: State, order: OrderSubmitted, __: int) -> Refusal:
    """Every id that the engine remembers is there, and of a bounded length."""
    return terms.bad_texts(order) or bad_name(
        source=order.source,
        cl_ord_id=order.cl_ord_id,
        client_id=order.client_id,
        instrument_id=order.instrument_id,
    )


def bad_name(**names: str) -> Refusal:
    """The refusal for the first name that is no id."""
    for field, name in names.items():
        if not is_id(name):
            text = (
                f"{field} is {name!r:.80} of {len(name)} characters, expected 1 to {ID_CHARS_MAX}, "
                "none of them a control"
            )
            return RejectReason.ID_INVALID, text
    return None


def check_kill_switch(state: State, order: Asked, _: int) -> Refusal:
    if not risk.is_killed(state, client_id=order.client_id, instrument_id=order.instrument_id):
        return None
    return RejectReason.KILL_SWITCH, "a kill switch is engaged; wait until it is released"


def check_session(state: State, order: Timed, now_ns: int) -> Refusal:
    """A session is to come or in progress; an order that trades at once needs one in progress."""
    instrument_id = order.instrument_id
    spans = hours.of_instrument(state, instrument_id)
    if state.day is None:
        found = "no trading day is open"
    elif not spans:
        found = f"the calendar of {instrument_id!r:.80} has no session on {state.day.day}"
    elif now_ns >= spans[-1].close_ns:
        found = f"the session ended at {spans[-1].close_ns} ns"
    elif order.immediacy is not Immediacy.NONE and not hours.is_open(state, instrument_id, now_ns):
        next_ns = hours.next_open_ns(state, instrument_id, now_ns)
        found = f"outside a session nothing trades at once, the next one begins at {next_ns} ns"
    else:
        return None
    return RejectReason.SESSION_CLOSED, f"{found}; submit for an open session"


def check_policy(state: State, _: OrderSubmitted, __: int) -> Refusal:
    if state.controls.policy is not None:
        return None
    return (
        RejectReason.NO_POLICY,
        "no policy is in force; apply one with `metaorder controls apply`",
    )


def check_instrument(state: State, order: OrderSubmitted, _: int) -> Refusal:
    if order.instrument_id in state.reference.instruments:
        return None
    return (
        RejectReason.UNKNOWN_INSTRUMENT,
        f"instrument_id {order.instrument_id!r:.80} is not in reference data; load it first",
    )


def check_client(state: State, order: Asked, _: int) -> Refusal:
    mandate = state.controls.mandates.get(order.client_id)
    if mandate is not None and mandate.active:
        return None
    return (
        RejectReason.UNKNOWN_CLIENT,
        f"client_id {order.client_id!r:.80} has no active mandate; apply one first",
    )


def check_duplicate(state: State, order: OrderSubmitted, _: int) -> Refusal:
    """An id names one order a day, refused or not: a refused client may have gone elsewhere.

    Before everything else, so that a resend of an order at work is never answered as a refusal
    of that order. Source: FIX 4.4, ClOrdID (11), unique within a trading day.
    """
    key = (order.source, order.cl_ord_id)
    earlier = state.order_id_of(*key)
    if earlier is not None:
        found = f"is order {earlier}"
    elif key in state.refused:
        found = f"was refused before ({state.refused[key]})"
    else:
        return None
    return (
        RejectReason.DUPLICATE_ORDER,
        (
            f"cl_ord_id {order.cl_ord_id!r:.80} of {order.source!r:.80} {found}; "
            "nothing was changed; use a new id for a new order"
        ),
    )


def check_source(state: State, order: Asked, _: int) -> Refusal:
    if not risk.is_source_suspended(state, order.source):
        return None
    return (
        RejectReason.SOURCE_SUSPENDED,
        f"a record of {order.source!r:.80} could not be read; send it again under its own number",
    )


def check_restricted(state: State, order: Asked, _: int) -> Refusal:
    if order.instrument_id not in state.controls.restricted:
        return None
    return RejectReason.RESTRICTED, f"{order.instrument_id} is on the restricted list"


def check_halted(state: State, order: Asked, _: int) -> Refusal:
    if not risk.is_halted(state, order.instrument_id):
        return None
    return (
        RejectReason.INSTRUMENT_HALTED,
        f"{order.instrument_id} is halted until a person lifts it",
    )


def check_limits(state: State, order: Asked, _: int) -> Refusal:
    """Without a limit of its client or of the firm nothing trades."""
    currency = limits.currency_of(state, order.instrument_id)
    if limits.is_limited(state, order.client_id, currency):
        return None
    return (
        RejectReason.NO_LIMITS,
        (
            f"no limit of client {order.client_id!r:.80}, and none of the firm in {currency}, "
            "bounds an order's quantity or value; apply one with `metaorder controls apply`"
        ),
    )


def check_qty(state: State, order: Priced, _: int) -> Refusal:
    advice = "; split the order or have the limit raised"
    return bad_qty(state, order, order.order_qty, granted_qty=0, advice=advice)


def bad_qty(state: State, order: Asked, qty: int, *, granted_qty: int, advice: str) -> Refusal:
    """The refusal of a quantity; a limit that came later takes nothing of a granted one."""
    if qty <= 0:
        return RejectReason.QTY_MUST_BE_POSITIVE, f"order_qty is {qty}, expected more than 0"
    if qty > QTY_MAX:
        return RejectReason.QTY_OUT_OF_RANGE, f"order_qty is {qty}, expected {QTY_MAX} at most"
    for limit in limits.of_order(state, order.client_id, order.instrument_id):
        if limit.max_order_qty is not None and qty > max(limit.max_order_qty, granted_qty):
            return (
                RejectReason.QTY_ABOVE_LIMIT,
                (
                    f"order_qty is {qty}, the limit of {limits.name_of(limit)} is "
                    f"{limit.max_order_qty}{advice}"
                ),
            )
    return None


def check_position(state: State, order: Priced, _: int, granted_qty: int = 0) -> Refusal:
    """`granted_qty` is what the order counts for already."""
    for limit in limits.of_order(state, order.client_id, order.instrument_id):
        most_qty = limit.max_position_qty
        if most_qty is None:
            continue
        key, asked_qty = limits.key_of(limit), order.order_qty - granted_qty
        worst_qty = positions.worst_qty(state, key, order.instrument_id, order.side)
        if asked_qty > 0 and worst_qty + asked_qty > most_qty:
            return (
                RejectReason.POSITION_ABOVE_LIMIT,
                (
                    f"order_qty adds {asked_qty} to {worst_qty} that may be held by the orders of "
                    f"today, the limit of {limits.name_of(limit)} is {most_qty}"
                ),
            )
    return None


def check_limit_px(state: State, order: OrderSubmitted, _: int) -> Refusal:
    px = order.limit_px
    if order.order_type is OrderType.MARKET:
        if px is None:
            return None
        return RejectReason.LIMIT_PX_NOT_ALLOWED, "limit_px is set on a MARKET order; leave it out"
    if px is None:
        return RejectReason.LIMIT_PX_MISSING, "limit_px is missing on a LIMIT order"
    return check_px_grid(state, order.instrument_id, px)


def check_px_grid(state: State, instrument_id: str, px: int) -> Refusal:
    if px <= 0:
        return RejectReason.LIMIT_PX_MUST_BE_POSITIVE, f"limit_px is {px}, expected more than 0"
    if px > PX_MAX:
        return RejectReason.LIMIT_PX_OUT_OF_RANGE, f"limit_px is {px}, expected {PX_MAX} at most"
    tick = reference.tick_px(state, instrument_id, px)
    if tick:
        text = f"limit_px is {px}, expected a multiple of the tick {tick}{terms.unit_of(px, tick)}"
        return (RejectReason.LIMIT_PX_OFF_TICK, text) if px % tick else None
    if instrument_id not in state.reference.ticks:
        return None  # `check_tick_table` refuses it.
    text = f"limit_px is {px}, below the first band of the tick table of {instrument_id}"
    return RejectReason.LIMIT_PX_OFF_TICK, text


def check_collar(state: State, order: Priced, now_ns: int) -> Refusal:
    """A limit far through the market is a typing error. Without a quote the check passes."""
    px = order.limit_px
    far_px = consolidated.view(state, order.instrument_id, now_ns).far_px(order.side)
    if px is None or not far_px:
        return None
    through_px = px - far_px if order.side is Side.BUY else far_px - px
    for limit in limits.of_order(state, order.client_id, order.instrument_id):
        if limit.collar_ppm is not None and through_px * PPM > limit.collar_ppm * far_px:
            return (
                RejectReason.LIMIT_PX_OUTSIDE_COLLAR,
                (
                    f"limit_px is {px}, {through_px} through the market at {far_px}; "
                    f"the collar is {limit.collar_ppm} ppm"
                ),
            )
    return None


def check_notional(state: State, order: Priced, now_ns: int, spent: int = 0) -> Refusal:
    """`spent` is what the order has used of the allotments already, 1e-9 currency units."""
    valued = [
        (limit, limit.max_order_notional_cur)
        for limit in limits.of_order(state, order.client_id, order.instrument_id)
        if limit.max_order_notional_cur is not None
    ]
    currency = limits.currency_of(state, order.instrument_id)
    keys = allotments.keys(state, order.client_id, currency)
    if not valued and not keys:
        return None
    px = value_px(state, order, now_ns)
    if not px:
        return (
            RejectReason.NO_REFERENCE_PX,
            (
                f"the value of an order in {order.instrument_id} is limited, and no quote or print "
                "says what it is worth; give it a limit_px, or send it when there is a market"
            ),
        )
    value = px * order.order_qty
    for limit, most in valued:
        if value > most * risk.UNIT_PX:
            return (
                RejectReason.NOTIONAL_ABOVE_LIMIT,
                (
                    f"the order's value is {value // risk.UNIT_PX}, the limit of "
                    f"{limits.name_of(limit)} is {most}; split the order or have it raised"
                ),
            )
    for key in keys:
        left = allotments.left_notional(state, key, currency)
        asked = value - spent
        if asked > left:
            return (
                RejectReason.ALLOTMENT_EXHAUSTED,
                (
                    f"the order's value is {asked // risk.UNIT_PX}, shard {state.shard} has "
                    f"{left // risk.UNIT_PX} left of {' '.join(key)}"
                ),
            )
    return None


def asked_cur(
    state: State, order: Priced, now_ns: int, reason: RejectReason, spent: int = 0
) -> int:
    """The value that an allotment did not cover, whole currency units; 0 of other refusals."""
    if reason is not RejectReason.ALLOTMENT_EXHAUSTED:
        return 0
    return allotments.ceiling_cur(value_px(state, order, now_ns) * order.order_qty - spent)


def value_px(state: State, order: Priced, now_ns: int) -> int:
    """Price that an order's value is counted at, 1e-9 currency units; 0 if none is known.

    The market's part is the far side, without a quote the last print.
    """
    far_px = consolidated.view(state, order.instrument_id, now_ns).far_px(order.side)
    market_px = far_px or state.book(order.instrument_id).last_px
    return risk.valued_px(order.side, order.limit_px, market_px)


def check_currency(state: State, order: OrderSubmitted, _: int) -> Refusal:
    expected = state.reference.instruments[order.instrument_id].currency
    if order.currency is None or order.currency == expected:
        return None
    return (
        RejectReason.CURRENCY_MISMATCH,
        f"currency is {order.currency!r:.20}, {order.instrument_id} trades in {expected}",
    )


def check_window(state: State, order: OrderSubmitted, now_ns: int) -> Refusal:
    """Some of the order's window must lie in what is left of the session."""
    start_ns, end_ns = window(state, order)
    if max(start_ns, now_ns) < end_ns:
        return None
    return (
        RejectReason.WINDOW_INVALID,
        (
            f"start_ns {order.start_ns} and end_ns {order.end_ns} leave {start_ns} to {end_ns} "
            f"of the session, now is {now_ns}; the end comes after the start and after now"
        ),
    )


def window(state: State, order: OrderSubmitted) -> tuple[int, int]:
    """Start and end within the sessions of today, ns; neither lies in a break."""
    spans = hours.of_instrument(state, order.instrument_id)
    assert spans, "check_session passed"
    close_ns = spans[-1].close_ns
    end_ns = close_ns if order.end_ns is None else min(order.end_ns, close_ns)
    start_ns = max(spans[0].open_ns, order.start_ns or 0)
    return hours.opens_from(spans, start_ns), hours.closes_by(spans, end_ns)


def check_participation(_: State, order: OrderSubmitted, __: int) -> Refusal:
    return bad_participation(order.max_participation_ppm)


def bad_participation(ppm: int | None) -> Refusal:
    if ppm is None or 0 < ppm < PPM:
        return None
    return (
        RejectReason.PARTICIPATION_INVALID,
        f"max_participation_ppm is {ppm}, expected more than 0 and less than {PPM}",
    )


def check_venues(state: State, order: OrderSubmitted, _: int) -> Refusal:
    unknown = [v for v in order.excluded_venues if v not in state.reference.venues]
    if not unknown:
        return None
    return (
        RejectReason.UNKNOWN_VENUE,
        f"excluded_venues names {unknown[0]!r:.40}, which is not in reference data",
    )


CHECKS: tuple[Callable[[State, OrderSubmitted, int], Refusal], ...] = (
    check_ids,
    check_duplicate,
    check_kill_switch,
    check_session,
    check_policy,
    check_instrument,
    check_client,
    check_source,
    check_restricted,
    check_halted,
    check_limits,
    check_qty,
    check_position,
    check_limit_px,
    check_collar,
    check_notional,
    check_currency,
    terms.check_times,
    check_window,
    check_participation,
    check_venues,
    terms.check_decision_px,
    terms.check_sale_marking,
    terms.check_locate,
    terms.check_display_qty,
    terms.check_settl_date,
    terms.check_immediacy,
    terms.check_tick_table,
    rates.check_orders,
)


# ----------------------------------------------------------------------------- carried

# The checks of a new order, but for those of what cannot change: its ids, window, marking, and the
# price that it was decided at. A kill switch or a halt keeps a carried order in its parent unsent.
RECHECKS: tuple[Callable[[State, Any, int], Refusal], ...] = (
    check_session,
    check_instrument,
    check_client,
    check_restricted,
    check_limits,
    check_qty,
    check_position,
    check_limit_px,
    check_collar,
    check_notional,
    check_currency,
    check_venues,
    terms.check_display_qty,
    terms.check_settl_date,
    terms.check_tick_table,
)


def recheck(state: State, order: Order, now_ns: int) -> Refusal:
    """The refusal of a carried order today, judged by its open quantity; None if it goes on."""
    wanted = replace(
        order.terms,
        order_qty=order.open_qty,
        limit_px=order.limit_px,
        display_qty=min(order.terms.display_qty, order.open_qty),  # A part of it may be done.
    )
    for check in RECHECKS:
        refusal = check(state, wanted, now_ns)
        if refusal is not None:
            return refusal
    return None


def mandated_participation_ppm(mandate: MandateSet, asked_ppm: int | None) -> int:
    """The tighter of what was asked and what the mandate allows, parts per million."""
    return min(
        asked_ppm or mandate.max_participation_ppm,
        mandate.max_participation_ppm,
        PPM - 1,  # No order can be all of the volume, even if a mandate allows it.
    )


def mandated_venues(mandate: MandateSet, excluded: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*excluded, *mandate.excluded_venues}))
