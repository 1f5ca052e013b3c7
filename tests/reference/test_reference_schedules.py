"""Targets of TWAP, VWAP and POV, and slices in whole lots (data/schedules.json)."""

from typing import Any

import pytest
from models import schedules
from reference_cases import cases, check


@pytest.mark.parametrize("case", cases("schedules", "twap"))
def test_twap(case: dict[str, Any]) -> None:
    quantity, start, end, times = (case["inputs"][n] for n in ("quantity", "start", "end", "times"))
    check(case, {"targets": [schedules.twap_target(quantity, start, end, at) for at in times]})


@pytest.mark.parametrize("case", cases("schedules", "vwap"))
def test_vwap(case: dict[str, Any]) -> None:
    quantity, edges, volumes = (case["inputs"][n] for n in ("quantity", "edges", "volumes"))
    times = case["inputs"]["times"]
    check(case, {"targets": [schedules.vwap_target(quantity, edges, volumes, at) for at in times]})


@pytest.mark.parametrize("case", cases("schedules", "pov"))
def test_pov(case: dict[str, Any]) -> None:
    quantity, rate, volumes = (case["inputs"][n] for n in ("quantity", "rate", "other_volume"))
    got = {
        "of_total": [schedules.pov_of_total(quantity, rate, volume) for volume in volumes],
        "of_other": [schedules.pov_of_other(quantity, rate, volume) for volume in volumes],
    }
    check(case, got)


@pytest.mark.parametrize("case", cases("schedules", "integer_slices"))
def test_integer_slices(case: dict[str, Any]) -> None:
    check(case, {"slices": schedules.integer_slices(**case["inputs"])})
