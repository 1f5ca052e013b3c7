"""A world with one order in resting children, and its venues' reports."""

from typing import Any

from world import (
    World,
    at_once,
    policy,
    px,
    report,
    trading,
)

from engine.core.events import (
    ExecType,
    Router,
)

LIMIT_PX = px(99.95)


def resting(*more: Any, order_qty: int = 500, router: Router = Router.SEQUENTIAL) -> World:  # noqa: ANN401
    """One order, all of it in a child that rests at 99.95."""
    world = trading(policy(router=router), *more)
    return world.given(at_once(order_qty=order_qty, limit_px=LIMIT_PX))


def canceled(world: World, **said: Any) -> Any:  # noqa: ANN401
    return report(world.child(), ExecType.CANCELED, **said)


def exposure(world: World) -> int:
    """The parent's exposure, which is the sum of its live children's leaves."""
    parent = world.parent()
    assert parent.exposure_qty == sum(child.leaves_qty for child in parent.children.values())
    return parent.exposure_qty
