"""Shares of fills: the five promises, and the rule against a naive twin in fractions."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.apportionment import largest_remainder, quota_method

from engine.core.allocation.apportionment import shares

QTYS = st.lists(st.integers(0, 60), min_size=1, max_size=9)
WIDE_QTYS = st.lists(st.integers(0, 10**15), min_size=1, max_size=40)


def naive_shares(held: list[int], fill_qty: int, member_qtys: list[int]) -> list[int]:
    """The rule as it is written: the units that are due first, of those that may be given."""
    weight = sum(member_qtys)
    total_qty = sum(held) + fill_qty
    units = [
        (Fraction(unit * weight, member_qty), index)
        for index, (held_qty, member_qty) in enumerate(zip(held, member_qtys, strict=True))
        for unit in range(held_qty + 1, member_qty + 1)
        if (unit - 1) * weight < total_qty * member_qty
    ]
    given = [0] * len(held)
    for _, index in sorted(units)[:fill_qty]:
        given[index] += 1
    return given


def deficit_shares(held: list[int], fill_qty: int, member_qtys: list[int]) -> list[int]:
    """The rule we do not use: whole deficits in order of deficit, then one unit each."""
    total_qty = sum(held) + fill_qty
    exact = [Fraction(total_qty * qty, sum(member_qtys)) for qty in member_qtys]
    deficits = [share - has for share, has in zip(exact, held, strict=True)]
    given = [0] * len(held)
    for index in sorted(range(len(held)), key=lambda i: (-deficits[i], i)):
        given[index] = min(max(floor(deficits[index]), 0), fill_qty - sum(given))
    remaining = [deficit - part for deficit, part in zip(deficits, given, strict=True)]
    for index in sorted(range(len(held)), key=lambda i: (-remaining[i], i)):
        given[index] += sum(given) < fill_qty
    return given


def added(held: list[int], given: list[int]) -> list[int]:
    return [a + b for a, b in zip(held, given, strict=True)]


@for_all(QTYS, st.lists(st.integers(1, 90), min_size=1))
@example([1] * 8 + [52], [1, 7, 3])
def test_every_fill_keeps_the_five_promises(member_qtys: list[int], fills: list[int]) -> None:
    weight = sum(member_qtys)
    held = [0] * len(member_qtys)
    for fill in [*fills, weight]:
        fill_qty = min(fill, weight - sum(held))
        given = shares(held, fill_qty, member_qtys)
        assert given == naive_shares(held, fill_qty, member_qtys)
        assert sum(given) == fill_qty
        assert min(given) >= 0
        held = added(held, given)
        for has, member_qty in zip(held, member_qtys, strict=True):
            assert has <= member_qty
            assert abs(has * weight - sum(held) * member_qty) < weight or weight == 0
    assert held == member_qtys


@for_all(QTYS, st.integers(0, 120))
def test_one_unit_at_a_time_it_is_the_quota_method(member_qtys: list[int], total: int) -> None:
    cum_qty = min(total, sum(member_qtys))
    held = [0] * len(member_qtys)
    for _ in range(cum_qty):
        held = added(held, shares(held, 1, member_qtys))
    assert held == quota_method(member_qtys, cum_qty)


@for_all(st.integers(0, 60), st.integers(1, 6), st.integers(100, 2_000), st.data())
def test_many_small_members_leave_the_large_ones_their_share(
    smalls: int, larges: int, large_qty: int, data: st.DataObject
) -> None:
    small_qty = data.draw(st.integers(1, 4))
    member_qtys = [small_qty] * smalls + [large_qty + nth for nth in range(larges)]
    weight = sum(member_qtys)
    held = [0] * len(member_qtys)
    for fill in data.draw(st.lists(st.integers(1, 400), min_size=1, max_size=20)):
        held = added(held, shares(held, min(fill, weight - sum(held)), member_qtys))
        for has, member_qty in zip(held, member_qtys, strict=True):
            assert abs(has * weight - sum(held) * member_qty) < weight


@for_all(QTYS, st.data())
def test_any_holding_gets_what_the_naive_twin_gives(
    member_qtys: list[int], data: st.DataObject
) -> None:
    held = [data.draw(st.integers(0, member_qty)) for member_qty in member_qtys]
    fill_qty = data.draw(st.integers(0, sum(member_qtys) - sum(held)))
    assert shares(held, fill_qty, member_qtys) == naive_shares(held, fill_qty, member_qtys)


@for_all(WIDE_QTYS, st.data())
def test_any_holding_of_any_size_stays_within_the_orders(
    member_qtys: list[int], data: st.DataObject
) -> None:
    held = [data.draw(st.integers(0, member_qty)) for member_qty in member_qtys]
    fill_qty = data.draw(st.integers(0, sum(member_qtys) - sum(held)))
    given = shares(held, fill_qty, member_qtys)
    assert sum(given) == fill_qty
    assert min(given) >= 0
    for now, member_qty in zip(added(held, given), member_qtys, strict=True):
        assert now <= member_qty


@pytest.mark.parametrize(
    ("member_qtys", "fills"),
    [
        ([2] * 39 + [181, 181, 183, 181, 181, 181], [488, 15]),
        ([2] * 19 + [173, 173, 172, 172], [363, 305, 6]),
    ],
)
def test_whole_deficits_first_leave_a_member_two_units_off(
    member_qtys: list[int], fills: list[int]
) -> None:
    deficit = ours = [0] * len(member_qtys)
    for fill_qty in fills:
        deficit = added(deficit, deficit_shares(deficit, fill_qty, member_qtys))
        ours = added(ours, shares(ours, fill_qty, member_qtys))
    assert farthest(deficit, member_qtys) > 2
    assert farthest(ours, member_qtys) < 1


def farthest(held: list[int], member_qtys: list[int]) -> Fraction:
    """Distance of the member that is farthest from its exact share."""
    part = Fraction(sum(held), sum(member_qtys))
    return max(abs(has - part * qty) for has, qty in zip(held, member_qtys, strict=True))


def test_no_member_hands_a_unit_back_where_largest_remainder_takes_one() -> None:
    weights = [600, 600, 200]
    assert largest_remainder(weights, 10) == [4, 4, 2]
    assert largest_remainder(weights, 11) == [5, 5, 1]
    ten = shares([0, 0, 0], 10, weights)
    assert ten == [5, 4, 1]
    assert shares(ten, 1, weights) == [0, 1, 0]


def test_ties_go_to_the_earlier_member() -> None:
    assert shares([0, 0, 0], 2, [5, 5, 5]) == [1, 1, 0]


def test_the_members_furthest_behind_catch_up_first() -> None:
    assert shares([0, 40, 0], 10, [50, 50, 50]) == [5, 0, 5]
    assert shares([10, 40, 0], 10, [50, 50, 50]) == [0, 0, 10]
    assert shares([0, 40, 0], 10, [100, 50, 50]) == [7, 0, 3]


def test_an_empty_fill_changes_nothing() -> None:
    assert shares([3, 0], 0, [5, 0]) == [0, 0]
    assert shares([], 0, []) == []


@pytest.mark.parametrize(
    ("held", "fill_qty", "member_qtys", "found"),
    [
        ([0, 0], 11, [5, 5], "fill_qty 11: expected 0 to 10"),
        ([4, 5], 2, [5, 5], "fill_qty 2: expected 0 to 1"),
        ([0, 0], -1, [5, 5], "fill_qty -1"),
        ([6, 0], 1, [5, 5], "a member holds 6, expected 0 to 5"),
        ([0, -1], 1, [5, 5], "a member holds -1"),
        ([0], 1, [5, 5], "argument 2 is longer"),
    ],
)
def test_an_impossible_fill_or_holding_is_named(
    held: list[int], fill_qty: int, member_qtys: list[int], found: str
) -> None:
    with pytest.raises(ValueError, match=found):
        shares(held, fill_qty, member_qtys)
