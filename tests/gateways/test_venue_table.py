"""A field of a venue's event is a key of its table, although no table names it."""

from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest
from pydantic import create_model

from engine.core.events import Side, VenueDefined, VenueKind
from engine.gateways.files.reference_file import Venue, VenueTable, further_fields


@dataclass(frozen=True, kw_only=True)
class Defined:
    venue: str
    largest_qty: int = 9
    increment_px: int = 0
    wait_ns: int = 0
    part_ppm: int = 0
    from_day: int = 0
    auctions: bool = False
    remark: str = ""
    side: Side = Side.BUY


def parsed(**said: object) -> dict[str, Any]:
    table = create_model("T", __base__=VenueTable, **further_fields(Defined, VenueTable))
    row = table.model_validate({"venue": "Z", "effective_day": 20180102, **said})
    return {name: value for name, value in row if name in further_fields(Defined, VenueTable)}


def test_a_further_field_is_written_in_its_unit() -> None:
    assert parsed(
        largest_qty="500",
        increment_px="0.01",
        wait_ns="5ms",
        part_ppm="10%",
        from_day="2018-01-02",
        auctions="yes",
        remark="open outcry",
        side="sell",
    ) == {
        "largest_qty": 500,
        "increment_px": 10_000_000,
        "wait_ns": 5_000_000,
        "part_ppm": 100_000,
        "from_day": 20180102,
        "auctions": True,
        "remark": "open outcry",
        "side": Side.SELL,
    }


def test_an_absent_field_has_the_default_of_the_schema() -> None:
    assert (parsed()["largest_qty"], parsed()["side"]) == (9, Side.BUY)


@pytest.mark.parametrize(("name", "kind"), [("height", int), ("parts", tuple[int, ...])])
def test_a_field_of_no_known_unit_is_named(name: str, kind: Any) -> None:  # noqa: ANN401
    odd = make_dataclass("Odd", [(name, kind)])
    with pytest.raises(TypeError, match=f"{name}: found .*state the field in its table"):
        further_fields(odd, VenueTable)


def test_a_venue_becomes_its_event() -> None:
    venue = Venue.model_validate({"venue": "DPX1", "kind": "dark", "effective_day": 20180102})
    assert venue.to_event() == VenueDefined(
        venue="DPX1",
        name="DPX1",
        kind=VenueKind.DARK,
        protected=False,
        posts=True,
        midpoint=False,
        min_qty=1,
        odd_lots=True,
        effective_day=20180102,
    )
