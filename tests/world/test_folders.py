"""Several folders of one day, an instrument each, through `simulate`."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from trading_days import CRYPTO, HALF, MINUTE, SECOND, TOKYO, Day, folder_of, stamp

import projections
from engine.cli.application import execute
from engine.cli.exits import Exit

QTY = 6_000
EVERY_NS = 20 * SECOND  # A quote is good for thirty: the clean-up before a close finds one.
HEAD = (
    "ts,action,source,cl_ord_id,client_id,instrument_id,side,order_qty,order_type,urgency,"
    "benchmark,must_complete,no_dark"
)


def simulated(tmp_path: Path, days: Sequence[Day], *orders: str) -> int:
    """`simulate` with a folder for each day and these orders; its exit code."""
    folders = [tmp_path / f"m{number}" for number, _ in enumerate(days)]
    for folder, day in zip(folders, days, strict=True):
        folder_of(folder, day, EVERY_NS)
    (tmp_path / "orders.csv").write_text("\n".join([HEAD, *orders]) + "\n")
    named = [word for folder in folders for word in ("--market", str(folder))]
    out = ("--orders", str(tmp_path / "orders.csv"), "--out", str(tmp_path / "out"))
    return execute(["simulate", *named, *out, "-o", "json"])


def order_of(day: Day, instrument_id: str) -> str:
    at = stamp(day.spans[0][0])
    return (
        f"{at},submit,oms,{instrument_id},C01,{instrument_id},BUY,{QTY},MARKET,LOW,TWAP,true,true"
    )


def test_each_instrument_of_a_day_works_in_its_own_sessions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tokyo with its lunch break and New York's half day on one date, from one order file."""
    orders = (order_of(TOKYO, "7203"), order_of(HALF, "IBM"))
    assert simulated(tmp_path, (TOKYO, HALF), *orders) == Exit.OK

    figures = json.loads(capsys.readouterr().out)
    assert figures["filled_qty"] == 2 * QTY
    assert "JPY" in figures["limits"]
    assert "USD" in figures["limits"]
    with projections.connect(tmp_path / "out" / "projection.duckdb") as found:
        fills = found.execute(
            "select child.instrument_id, fill.at_ns, fill.last_qty from fill_booked as fill "
            "join child_routed as child on child.event_id = fill.child_id"
        ).fetchall()
    for name, day in (("7203", TOKYO), ("IBM", HALF)):
        whole = sum(last - first for first, last in day.spans)
        assert sum(qty for of, _, qty in fills if of == name) == QTY
        for first, last in day.spans:
            done = sum(qty for of, at, qty in fills if of == name and first <= at < last + MINUTE)
            assert abs(done - QTY * (last - first) / whole) <= 200


def test_folders_that_make_no_day_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = (TOKYO, HALF, TOKYO)
    assert simulated(tmp_path / "twice", twice) == Exit.ERROR
    assert "both of 7203" in capsys.readouterr().err.replace("\n", " ")

    assert simulated(tmp_path / "days", (TOKYO, CRYPTO)) == Exit.ERROR
    assert "is of day 20251129" in capsys.readouterr().err.replace("\n", " ")

    other = replace_calendar(HALF, "TSE")
    assert simulated(tmp_path / "calendar", (TOKYO, other)) == Exit.ERROR
    assert "other sessions in calendar TSE" in capsys.readouterr().err.replace("\n", " ")


def replace_calendar(day: Day, calendar_id: str) -> Day:
    return day._replace(toml=f'{day.toml}calendar_id = "{calendar_id}"\n')
