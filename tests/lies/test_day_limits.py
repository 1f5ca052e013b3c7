"""Lies about a limit of the day over all shards: late parts, other limits, no allotter."""

from typing import Any, NamedTuple

import pytest
from world import World, an, market, order, px, risk_limit

from engine.core import events as e

OWN = 1  # The shard of eight that the instrument lives in.
FIRM = (e.ControlScope.FIRM, "USD")
LIMIT = risk_limit(max_day_notional_cur=100_000)


def part(amount_cur: int, limit_cur: int | None = 100_000, shard: int = OWN) -> e.LimitAllotted:
    return e.LimitAllotted(
        scope=FIRM[0],
        scope_id="",
        currency=FIRM[1],
        shard=shard,
        allotted_notional_cur=amount_cur,
        set_ns=0,
        limit_notional_cur=limit_cur,
    )


def bought(qty: int) -> e.OrderSubmitted:
    return order(f"o{qty}", qty, limit_px=px(100))


class Lie(NamedTuple):
    """What a shard of several is told, and what it may accept and has accepted after it."""

    sentence: str
    told: tuple[Any, ...]
    allotted_cur: int  # By its receipt; -1 without a limit or part.
    spent_cur: int

    def __str__(self) -> str:
        return self.sentence


LIES = (
    Lie("under a limit without a part nothing is accepted", (LIMIT, bought(1)), 0, 0),
    Lie("a part is spent", (LIMIT, part(50_000), bought(400)), 50_000, 40_000),
    Lie("what the part does not cover is refused", (LIMIT, part(50_000), bought(501)), 50_000, 0),
    Lie("another shard's part is not spent", (LIMIT, part(50_000, shard=OWN + 1), bought(1)), 0, 0),
    Lie("a part of another limit has no effect", (LIMIT, part(50_000, 90_000), bought(1)), 0, 0),
    Lie("a person's part has no effect under a limit", (LIMIT, part(50_000, None)), 0, 0),
    Lie("without a limit a person's part counts", (part(50_000, None), bought(2)), 50_000, 200),
    Lie("without a limit an allotter's part has no effect", (part(50_000), bought(2)), -1, 0),
    Lie(
        "a lower limit leaves what was spent",
        (LIMIT, part(50_000), bought(100), risk_limit(max_day_notional_cur=99_000), bought(1)),
        10_000,
        10_000,
    ),
    Lie(
        "a higher limit leaves the part",
        (LIMIT, part(50_000), bought(100), risk_limit(max_day_notional_cur=100_001)),
        50_000,
        10_000,
    ),
    Lie(
        "a limit that ends takes its parts with it",
        (LIMIT, part(50_000), risk_limit(), bought(9_999)),
        -1,
        0,
    ),
    Lie(
        "a limit over a person's parts leaves what they spent",
        (part(50_000, None), bought(30), LIMIT, bought(1)),
        3_000,
        3_000,
    ),
    Lie(
        "a part below what is spent refuses, and says both",
        (LIMIT, part(50_000), bought(400), part(20_000), bought(1)),
        20_000,
        40_000,
    ),
)


def told(lie: Lie, partitions: int) -> tuple[World, e.ControlApplied]:
    world = World(partitions=partitions, number=OWN)
    world.settings = {**world.settings, "partitions": partitions}
    world.shard = world.fresh_shard()
    world.given(*market())
    for one in lie.told:
        world.when(one)
    limit = world.state.controls.limits.get(FIRM) or risk_limit()
    world.when(limit)  # Set again, to hear the receipt.
    return world, world.the(e.ControlApplied)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_a_limit_of_the_day_holds(lie: Lie) -> None:
    world, receipt = told(lie, 8)
    assert (receipt.allotted_notional_cur, receipt.spent_notional_cur) == (
        lie.allotted_cur,
        lie.spent_cur,
    )
    assert world.folded().state == world.state


def test_one_shard_alone_has_the_whole_limit() -> None:
    world = World().given(*market()).given(LIMIT)
    world.when(bought(1_000)).then_some(e.OrderAccepted)
    world.when(bought(1)).then(
        an(e.OrderRejected, reason=e.RejectReason.ALLOTMENT_EXHAUSTED, asked_notional_cur=100)
    )
