"""The limits that bind an order: the firm's in its currency, its client's, its instrument's.

Without a limit nothing trades. An order needs a limit of its client, or of the firm in its
currency, that bounds its quantity, its value or the value of the day; a collar bounds none of
them, and a limit of the instrument says nothing about the client's credit.

A sum over currencies is no amount of anything. A limit of the firm names its currency and binds
the orders in it, so the firm has one limit for each currency. The numbers of a client's limit hold
in each currency by itself. Early releases wrote a limit of the firm without a currency; where a log
has one it binds every order, until a limit that names a currency takes its place.

Source: SEC Rule 15c3-5 (c)(1): thresholds of credit, set in advance, and of price and size.
"""

from collections.abc import Iterator

from engine.core.events import ControlScope, LimitAllotted, RiskLimitSet
from engine.core.state.state import State

Key = tuple[str, str]  # Scope, and the currency of the firm's limit or the other's id.

OF_EARLY_RELEASES: Key = (ControlScope.FIRM, "")


def key_of(control: RiskLimitSet | LimitAllotted) -> Key:
    """The name of a limit, or of the limit that a part is of."""
    is_firms = control.scope is ControlScope.FIRM
    return control.scope, control.currency if is_firms else control.scope_id


def currency_of(state: State, instrument_id: str) -> str:
    return state.reference.instruments[instrument_id].currency


def keys_of_client(client_id: str, currency: str) -> tuple[Key, ...]:
    """The names of the limits on credit that bind an order, the firm's first."""
    return (
        OF_EARLY_RELEASES,
        (ControlScope.FIRM, currency),
        (ControlScope.CLIENT, client_id),
    )


def keys_of_order(client_id: str, instrument_id: str, currency: str) -> tuple[Key, ...]:
    return (*keys_of_client(client_id, currency), (ControlScope.INSTRUMENT, instrument_id))


def of_order(state: State, client_id: str, instrument_id: str) -> list[RiskLimitSet]:
    """The limits that bind an order of a known instrument, the firm's first."""
    limits, currency = state.controls.limits, currency_of(state, instrument_id)
    keys = keys_of_order(client_id, instrument_id, currency)
    return [limit for limit in map(limits.get, keys) if limit is not None]


def is_limited(state: State, client_id: str, currency: str) -> bool:
    """Whether a limit of the client or the firm bounds what an order may be."""
    limits = state.controls.limits
    keys = keys_of_client(client_id, currency)
    return any(bounds_size(limits[key]) for key in keys if key in limits)


def bounds_size(limit: RiskLimitSet) -> bool:
    return (
        limit.max_order_qty is not None
        or limit.max_order_notional_cur is not None
        or limit.max_day_notional_cur is not None
    )


def lowered(state: State, client_id: str, instrument_id: str) -> Iterator[RiskLimitSet]:
    """The limits of an order that became lower today."""
    currency = currency_of(state, instrument_id)
    for key in keys_of_order(client_id, instrument_id, currency):
        if key in state.lowered:
            yield state.controls.limits[key]


def name_of(limit: RiskLimitSet) -> str:
    """A limit's name, for the text of a refusal."""
    return " ".join(filter(None, key_of(limit)))


def missing(state: State) -> str:
    """The reason for which a shard refuses every order; "" if it may accept some."""
    held = state.controls.limits.values()
    if any(bounds_size(x) for x in held if x.scope is not ControlScope.INSTRUMENT):
        return ""
    return (
        "no limit is in force, and without one every order is refused (NO_LIMITS); apply one "
        "with `metaorder controls apply`"
    )


# ------------------------------------------------------------------------------ evolve


def keep(state: State, limit: RiskLimitSet) -> None:
    """Put a limit in force; a limit of the firm in a currency ends one without."""
    key = key_of(limit)
    state.controls.limits[key] = limit
    if limit.scope is ControlScope.FIRM and limit.currency:
        for held in (state.controls.limits, state.controls.allotments):
            held.pop(OF_EARLY_RELEASES, None)
        state.lowered.pop(OF_EARLY_RELEASES, None)
