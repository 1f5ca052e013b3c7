"""The claims on a child: the parts of its fills, of what it has open, and of what is restated."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import make

from engine.core import events as e
from engine.core.allocation import claims
from engine.core.state.model import Child, Cover, Fill, Parent, Tranche

QTYS = st.integers(1, 10_000)


def child_of(*claimed: int, leaves_qty: int | None = None) -> Child:
    """A child with a claim of each of so many tranches."""
    total = sum(claimed)
    terms = make(e.ChildRouted, child_qty=total)
    covers = tuple(Cover(number, qty) for number, qty in enumerate(claimed))
    return Child("0-1", terms, 0, total if leaves_qty is None else leaves_qty, 1, covers=covers)


def parent_of(child: Child) -> Parent:
    terms = make(e.ParentOpened)
    tranches = {
        cover.tranche: Tranche(cover.tranche, terms, terms.benchmark) for cover in child.covers
    }
    return Parent(parent_id="0-0", seq=0, terms=terms, due_ns=0, tranches=tranches)


def filled(parent: Parent, child: Child, qty: int) -> Fill:
    fill = Fill("0-2", child, qty, 1)
    claims.set_parts(parent, fill, claims.parts_of(child, qty))
    child.filled_qty += qty
    return fill


def test_a_fill_goes_to_the_claims_in_proportion() -> None:
    child = child_of(600, 400)
    assert claims.parts_of(child, 100) == [60, 40]
    assert claims.parts_of(child_of(500), 70) == [70]


def test_what_a_venue_fills_beyond_the_child_is_divided_in_proportion() -> None:
    child = child_of(300, 100)
    assert claims.parts_of(child, 800) == [600, 200]


@for_all(st.lists(QTYS, min_size=1, max_size=6), st.lists(QTYS, max_size=6))
def test_parts_sum_to_the_fills_and_never_fall(claimed: list[int], fills: list[int]) -> None:
    child = child_of(*claimed)
    parent = parent_of(child)
    for qty in fills:
        before = [cover.filled_qty for cover in child.covers]
        fill = filled(parent, child, qty)
        assert sum(fill.parts_qty) == qty
        assert all(x.filled_qty >= was for x, was in zip(child.covers, before, strict=True))
    total = sum(fills)
    assert sum(x.filled_qty for x in child.covers) == total
    assert sum(x.filled_qty for x in parent.tranches.values()) == total
    if total <= sum(claimed):
        assert all(x.filled_qty <= x.claim_qty for x in child.covers)


@for_all(st.lists(QTYS, min_size=1, max_size=5), QTYS, st.integers(0, 20_000))
def test_a_restated_fill_keeps_its_sum(claimed: list[int], qty: int, restated: int) -> None:
    child = child_of(*claimed)
    parent = parent_of(child)
    fill = filled(parent, child, qty)
    parts = claims.parts_after(fill, restated)
    assert sum(parts) == restated
    if restated <= qty:
        assert all(x <= was for x, was in zip(parts, fill.parts_qty, strict=True))
    claims.set_parts(parent, fill, parts)
    assert sum(x.filled_qty for x in child.covers) == restated


@for_all(st.lists(QTYS, min_size=1, max_size=5), st.integers(0, 10_000), st.integers(0, 60_000))
def test_what_is_open_has_a_part_of_each_claim(
    claimed: list[int], qty: int, leaves_qty: int
) -> None:
    child = child_of(*claimed, leaves_qty=0)
    parent = parent_of(child)
    filled(parent, child, qty)
    claims.set_leaves(parent, child, leaves_qty)
    assert sum(cover.leaves_qty for cover in child.covers) == leaves_qty
    assert sum(x.exposure_qty for x in parent.tranches.values()) == leaves_qty
    assert parent.exposure_qty == child.leaves_qty == leaves_qty
    claims.set_leaves(parent, child, 0)
    assert not parent.exposure_qty


@pytest.mark.parametrize(
    ("leaves_qty", "parts"), [(700, [420, 280]), (350, [210, 140]), (1_400, [840, 560])]
)
def test_a_venue_may_have_less_or_more_open_than_is_not_filled(
    leaves_qty: int, parts: list[int]
) -> None:
    child = child_of(600, 400, leaves_qty=0)
    parent = parent_of(child)
    filled(parent, child, 300)
    assert claims.open_parts(child, leaves_qty) == parts


def test_a_child_without_claims_is_for_the_only_tranche() -> None:
    (cover,) = claims.covers_of(make(e.ChildRouted, child_qty=500))
    assert (cover.tranche, cover.claim_qty) == (0, 500)
    assert claims.stated(parent_of(child_of(5)), {0: 5}) == ()
    assert claims.stated(parent_of(child_of(5, 6)), {1: 6}) == (e.Claim(tranche=1, claim_qty=6),)
