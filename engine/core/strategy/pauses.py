"""Say that a parent waits because its instrument is not traded now.

Nothing is crossed, released or routed in a break between two sessions (`market.hours`), and the
children that rest at a session's end are cancelled. A parent that has something open then, or gets
its first order in a break, is told once, with the time from which it goes on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import ParentPaused, PauseReason, StageEvent
from engine.core.market import hours
from engine.core.state.model import Parent
from engine.core.state.state import State
from engine.core.strategy import plans


def pause(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """The wait of a parent with something open, in a break; told once a break."""
    terms = parent.terms
    if not plans.begun(parent, now_ns):
        return ()
    if hours.is_open(state, terms.instrument_id, now_ns):
        return ()
    until_ns = hours.next_open_ns(state, terms.instrument_id, now_ns)
    if parent.paused_until_ns == until_ns:
        return ()
    return (
        ParentPaused(
            parent_id=parent.parent_id,
            reason=PauseReason.SESSION_BREAK,
            until_ns=until_ns,
            parent_qty=parent.open_qty,
        ),
    )


# ------------------------------------------------------------------------------ evolve


def on_parent_paused(state: State, event: ParentPaused) -> None:
    state.parents[event.parent_id].paused_until_ns = event.until_ns


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {ParentPaused: on_parent_paused}
