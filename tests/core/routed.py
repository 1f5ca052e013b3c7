"""Worlds in which slices are routed, and their routes."""

from typing import Any

from world import (
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    World,
    at_once,
    dark_venue,
    order,
    policy,
    px,
    quote,
    trade,
    trading,
)

from engine.core.events import (
    ChildRouted,
    RouteDeferred,
    Router,
    RouteReason,
    Strategy,
)
from engine.core.routing.candidates import Search, search_for

ATS = "ATS"
PLENTY = 10_000_000
LIVE = (quote(LIT), quote(OTHER_LIT))


def reasons(event: ChildRouted | RouteDeferred) -> dict[RouteReason, int]:
    return {found.reason: found.venue_count for found in event.rejected_by_reason}


def resting(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """A TWAP of 6,000 over an hour, of which a first child rests at the bid."""
    ruled = {"strategy": Strategy.TWAP, "router": Router.SEQUENTIAL, **said}
    return trading(policy(**ruled), trade(PLENTY), *more).given(
        order(order_qty=6_000, end_ns=NOW_NS + HOUR)
    )


def on(world: World, minutes: float, *inputs: Any) -> World:  # noqa: ANN401
    now_ns = NOW_NS + round(minutes * MINUTE)
    return world.at(now_ns, quote(received_ns=now_ns), *inputs)


def covered(*more: Any, router: Router = Router.SEQUENTIAL, **said: Any) -> World:  # noqa: ANN401
    """A TWAP of 600 over an hour that is all out in two children, and is late from now on.

    While it was patient it sent all at once; a new policy is patient no more.
    """
    ruled = {"strategy": Strategy.TWAP, "router": router}
    world = trading(policy(patience_ns=2 * HOUR, **ruled), *more)
    world.given(order(order_qty=600, end_ns=NOW_NS + HOUR, **said))
    now_ns = NOW_NS + MINUTE
    world.at(now_ns, trade(PLENTY), *(quote(x, received_ns=now_ns) for x in (LIT, OTHER_LIT)))
    assert world.parent().pool_qty == 0
    return world.given(policy(**ruled))


def parent_search(world: World) -> Search:
    """The routing search for the order's parent now."""
    return search_for(world.state, world.parent(), world.now_ns)


def seeking(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """One slice of 800 with a limit at the midpoint, which seeks liquidity in the dark."""
    world = trading(dark_venue(), policy(router=Router.LIQUIDITY_SEEKING), *more)
    return world.when(at_once(order_qty=800, **{"limit_px": px(100.01), **said}))
