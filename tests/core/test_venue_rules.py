"""The part of a quantity that a venue takes: the router sends it, and the venue accepts it."""

from dataclasses import replace

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.events import RouteReason, VenueDefined, VenueKind
from engine.core.market import venue_rules

LOT = 100
VENUE = VenueDefined(
    venue="Z",
    name="Z",
    kind=VenueKind.LIT,
    protected=True,
    posts=True,
    midpoint=False,
    min_qty=1,
    odd_lots=True,
    effective_day=20180102,
)


@pytest.mark.parametrize(
    ("min_qty", "odd_lots", "qty", "fit_qty"),
    [
        (1, True, 37, 37),
        (0, True, 1, 1),
        (150, True, 149, 0),
        (150, True, 150, 150),
        (1, False, 99, 0),
        (1, False, 250, 200),
        (150, False, 250, 200),
        (150, False, 190, 0),  # A round lot of it is below the minimum.
        (1, True, 0, 0),
    ],
)
def test_the_most_that_all_rules_take(
    min_qty: int, odd_lots: object, qty: int, fit_qty: int
) -> None:
    venue = replace(VENUE, min_qty=min_qty, odd_lots=bool(odd_lots))
    assert venue_rules.fitted_qty(venue, qty, LOT) == fit_qty


@pytest.mark.parametrize(
    ("qty", "reason"),
    [(149, RouteReason.BELOW_MINIMUM), (99, RouteReason.BELOW_MINIMUM), (150, None)],
)
def test_the_first_rule_that_leaves_nothing_is_the_reason(
    qty: int, reason: RouteReason | None
) -> None:
    venue = replace(VENUE, min_qty=150, odd_lots=False)
    assert venue_rules.unfit_qty(venue, qty, LOT) is reason


def test_less_than_a_round_lot_is_an_odd_lot() -> None:
    venue = replace(VENUE, odd_lots=False)
    assert venue_rules.unfit_qty(venue, 99, LOT) is RouteReason.ODD_LOT


@pytest.mark.parametrize(
    ("qty", "words"),
    [
        (0, "quantity 0 is below the minimum of 100"),
        (99, "quantity 99 is below the minimum of 100"),
        (150, "quantity 150 is not a multiple of the round lot 100"),
        (200, None),
    ],
)
def test_the_venue_says_which_rule_a_quantity_breaks(qty: int, words: str | None) -> None:
    venue = replace(VENUE, min_qty=100, odd_lots=False)
    assert venue_rules.wrong_qty(venue, qty, LOT) == words


@for_all(st.integers(0, 500), st.booleans(), st.integers(1, 120), st.integers(1, 2_000))
def test_what_the_router_sends_the_venue_takes(
    min_qty: int, odd_lots: object, lot_qty: int, qty: int
) -> None:
    venue = replace(VENUE, min_qty=min_qty, odd_lots=bool(odd_lots))
    fit_qty = venue_rules.fitted_qty(venue, qty, lot_qty)
    assert 0 <= fit_qty <= qty
    assert not fit_qty or venue_rules.wrong_qty(venue, fit_qty, lot_qty) is None
    for more_qty in range(fit_qty + 1, qty + 1):
        assert venue_rules.wrong_qty(venue, more_qty, lot_qty) is not None


@pytest.mark.parametrize("kind", VenueKind)
def test_a_dark_pool_takes_no_limits(kind: VenueKind) -> None:
    venue = replace(VENUE, kind=kind)
    assert venue_rules.takes_limits(venue) is (kind is not VenueKind.DARK)


@pytest.mark.parametrize("is_taken", [True, False])
def test_pegs_and_resting_are_as_the_definition_says(is_taken: object) -> None:
    venue = replace(VENUE, midpoint=bool(is_taken), posts=bool(is_taken))
    assert venue_rules.takes_midpoint_pegs(venue) is is_taken
    assert venue_rules.lets_rest(venue) is is_taken
