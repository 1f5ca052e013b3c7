"""A shard's part of a limit of the day: what it covers, and what a change of the limit leaves."""

import pytest
from world import World, allotment, amend, an, market, order, px, risk_limit

from engine.core.events import (
    ControlApplied,
    ControlIgnored,
    ControlScope,
    IgnoreReason,
    InputRejected,
    OrderAccepted,
    OrderChangeRejected,
    OrderRejected,
    RejectReason,
)

OWN = 1  # The shard of eight that the instrument lives in.
LIMIT_CUR = 100_000


def one_of_eight() -> World:
    world = World(partitions=8, number=OWN)
    world.settings = {**world.settings, "partitions": 8}
    world.shard = world.fresh_shard()
    return world.given(*market())


def limited(part_cur: int | None = None) -> World:
    world = one_of_eight().given(risk_limit(max_day_notional_cur=LIMIT_CUR))
    if part_cur is None:
        return world
    return world.given(allotment(part_cur, shard=OWN, limit_notional_cur=LIMIT_CUR))


def same_when_folded(world: World) -> None:
    assert world.folded().state == world.state


def test_under_a_limit_without_a_part_nothing_is_accepted() -> None:
    limited().when(order(limit_px=px(100))).then(
        an(OrderRejected, reason=RejectReason.ALLOTMENT_EXHAUSTED, asked_notional_cur=50_000)
    )


def test_one_shard_alone_has_the_whole_limit() -> None:
    world = World().given(*market(), risk_limit(max_day_notional_cur=LIMIT_CUR))
    world.when(order("o1", 1_000, limit_px=px(100))).then_some(OrderAccepted)
    world.when(order("o2", 1, limit_px=px(100))).then(OrderRejected)


def test_an_amend_that_the_part_does_not_cover_says_whose_and_how_much() -> None:
    world = limited(60_000).given(order(limit_px=px(100)))
    world.when(amend(order_qty=700)).then(
        an(
            OrderChangeRejected,
            reason=RejectReason.ALLOTMENT_EXHAUSTED,
            asked_notional_cur=20_000,
            client_id="c1",
        )
    )


def test_a_part_of_another_limit_has_no_effect() -> None:
    world = limited(60_000)
    for limit_cur in (None, LIMIT_CUR - 1):
        other = allotment(70_000, shard=OWN, limit_notional_cur=limit_cur)
        world.when(other).then(an(ControlIgnored, reason=IgnoreReason.OTHER_LIMIT))
    same_when_folded(world)


CHANGES: tuple[tuple[int | None, int], ...] = (
    (LIMIT_CUR - 1, 50_000),  # What was spent is left.
    (LIMIT_CUR, 60_000),
    (LIMIT_CUR + 1, 60_000),
    (None, -1),
)


@pytest.mark.parametrize(("limit_cur", "allotted_cur"), CHANGES)
def test_a_change_of_the_limit_leaves_of_a_part(limit_cur: int | None, allotted_cur: int) -> None:
    world = limited(60_000).given(order(limit_px=px(100)))
    world.when(risk_limit(max_day_notional_cur=limit_cur)).then_some(
        an(ControlApplied, allotted_notional_cur=allotted_cur)
    )
    same_when_folded(world)


def test_a_limit_over_a_persons_part_leaves_what_was_spent() -> None:
    world = one_of_eight().given(allotment(60_000, shard=OWN), order(limit_px=px(100)))
    world.when(risk_limit(max_day_notional_cur=LIMIT_CUR)).then(
        an(ControlApplied, allotted_notional_cur=50_000, spent_notional_cur=50_000)
    )
    world.when(risk_limit(max_order_qty=10**6)).then(an(ControlApplied, allotted_notional_cur=-1))


def test_a_persons_part_stays_when_a_limit_without_a_day_is_set() -> None:
    world = one_of_eight().given(allotment(60_000, shard=OWN))
    world.when(risk_limit(max_order_qty=10**6)).then(
        an(ControlApplied, allotted_notional_cur=60_000)
    )


def test_a_part_below_what_is_spent_refuses_and_says_both() -> None:
    world = limited(60_000).given(order(limit_px=px(100)))
    part = allotment(20_000, shard=OWN, limit_notional_cur=LIMIT_CUR)
    world.when(part).then(
        an(ControlApplied, allotted_notional_cur=20_000, spent_notional_cur=50_000)
    )
    world.when(order("o2", 1, limit_px=px(100))).then(OrderRejected)


@pytest.mark.parametrize(
    "limit",
    [
        risk_limit(ControlScope.INSTRUMENT, "AAPL", max_day_notional_cur=1),
        risk_limit(max_day_notional_cur=-1),
    ],
    ids=["of an instrument", "negative"],
)
def test_a_limit_of_the_day_that_cannot_be_is_rejected(limit: object) -> None:
    one_of_eight().when(limit).then_some(InputRejected)
