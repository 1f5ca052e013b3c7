"""Load the reference cases; see data/README.md for their format, data/conventions.md for signs.

Decimal numbers are read as exact fractions, as the models take them: 0.1 is a tenth.
"""

import json
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"


def cases(subject: str, kind: str) -> list[Any]:
    """Every case of a kind, as parameters of a test."""
    text = (DATA / f"{subject}.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_float=Fraction)
    return [
        pytest.param(case, id=case["name"]) for case in document["cases"] if case["kind"] == kind
    ]


def check(case: dict[str, Any], got: object) -> None:
    """Compare the expected fields of a case with a result, each within its tolerance."""
    found = got if isinstance(got, dict) else {f.name: getattr(got, f.name) for f in fields(got)}  # type: ignore[arg-type]
    for field, want in case["expected"].items():
        tolerance = case.get("tolerance_by_field", {}).get(field, case["tolerance"])
        check_value(field, found[field], want, tolerance)


def check_value(field: str, got: Any, want: Any, tolerance: dict[str, Any]) -> None:  # noqa: ANN401 - JSON.
    if isinstance(want, dict):
        for key, value in want.items():
            check_value(f"{field}.{key}", got[key], value, tolerance)
    elif isinstance(want, list | tuple):
        assert len(got) == len(want), field
        for index, (one, value) in enumerate(zip(got, want, strict=True)):
            check_value(f"{field}[{index}]", one, value, tolerance)
    elif want is None or isinstance(want, bool | str):
        assert got == want, field
    else:
        allowed = tolerance["abs"] + tolerance["rel"] * abs(want)
        assert abs(Fraction(got) - want) <= allowed, (field, float(got), float(want))
