"""Spend a day's limit of the firm or of a client from this shard's part of it.

Shards decide without asking each other, so a limit over all of them is divided beforehand. Each
shard accepts what its part covers and refuses the rest. The parts never sum to more than the limit,
because a part is only raised by what the others are known to have given up:

- a part is bound to the limit that it was divided from (`limit_notional_cur`); a part of another
  limit has no effect, so one that was written before a change of the limit changes nothing after it
- a lower limit leaves each shard what it has spent; the rest is divided again
- amounts in several currencies are never summed: each counts by itself against a client's part
- the receipt of a limit or a part says what the shard may accept and what it has spent. What it
  can have spent at the day's end is the higher of the two, until it gets another part.

Under a limit without a part nothing is accepted. Where there is one shard, its part is the limit.
Parts that a person sets without a limit of the day are taken as they come.
"""

from dataclasses import replace

from engine.core.controls import limits
from engine.core.controls.limits import Key
from engine.core.events import LimitAllotted, RiskLimitSet
from engine.core.state.state import State

UNIT_PX = 1_000_000_000  # One currency unit.


def keys(state: State, client_id: str, currency: str) -> tuple[Key, ...]:
    """The limits that an order of this client spends from, the firm's first."""
    found = limits.keys_of_client(client_id, currency)
    return tuple([key for key in found if is_bound(state, key)])


def is_bound(state: State, key: Key) -> bool:
    return key in state.controls.allotments or day_limit_cur(state, key) is not None


def day_limit_cur(state: State, key: Key) -> int | None:
    """The limit over all shards, whole currency units; None if there is none."""
    limit = state.controls.limits.get(key)
    return None if limit is None else limit.max_day_notional_cur


def allotted_cur(state: State, key: Key) -> int:
    """The value that this shard may accept in a day, whole currency units. The key is bound."""
    limit_cur = day_limit_cur(state, key)
    if limit_cur is not None and state.settings.partitions == 1:
        return limit_cur
    part = state.controls.allotments.get(key)
    return 0 if part is None else part.allotted_notional_cur


def left_notional(state: State, key: Key, currency: str) -> int:
    """Value that this shard may still accept, 1e-9 currency units; below 0 if it was lowered."""
    spent = state.spent_notional.get((*key, currency), 0)
    return allotted_cur(state, key) * UNIT_PX - spent


def spent_notional(state: State, key: Key) -> int:
    """Value that this shard has accepted, 1e-9 currency units; of several currencies the most."""
    values = (value for (*name, _), value in state.spent_notional.items() if (*name,) == key)
    return max(values, default=0)


def ceiling_cur(notional: int) -> int:
    """A value in whole currency units, rounded up: what was spent is never understated."""
    return -(-notional // UNIT_PX)


def receipt(state: State, key: Key) -> tuple[int, int]:
    """The value that this shard may accept in a day, -1 if it is not bound, and the spent part."""
    if not is_bound(state, key):
        return -1, 0
    return allotted_cur(state, key), ceiling_cur(spent_notional(state, key))


def is_of_other_limit(state: State, control: object) -> bool:
    """Whether a part was divided from another limit than the one in force."""
    return isinstance(control, LimitAllotted) and (
        control.limit_notional_cur != day_limit_cur(state, limits.key_of(control))
    )


# ------------------------------------------------------------------------------ evolve


def on_limit_allotted(state: State, control: LimitAllotted) -> None:
    if control.shard == state.shard:
        state.controls.allotments[limits.key_of(control)] = control


def on_limit_changed(state: State, limit: RiskLimitSet, former: RiskLimitSet | None) -> None:
    """Keep of a part what the new limit leaves: all of it, what was spent, or nothing."""
    key = limits.key_of(limit)
    now_cur = limit.max_day_notional_cur
    before_cur = None if former is None else former.max_day_notional_cur
    if now_cur is None:
        if before_cur is not None:
            state.controls.allotments.pop(key, None)
        return
    part = state.controls.allotments.get(key)
    if part is None or (before_cur is not None and now_cur >= before_cur):
        return
    # Floor: of a unit that is spent in part nothing is left.
    spent_cur = spent_notional(state, key) // UNIT_PX
    kept_cur = min(part.allotted_notional_cur, spent_cur)
    state.controls.allotments[key] = replace(part, allotted_notional_cur=kept_cur)


def spend(state: State, client_id: str, currency: str, notional: int) -> None:
    """Count a notional against each limit that applies."""
    for key in keys(state, client_id, currency):
        name = (*key, currency)
        state.spent_notional[name] = state.spent_notional.get(name, 0) + notional
