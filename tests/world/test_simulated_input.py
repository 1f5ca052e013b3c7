"""A simulated day says what it was given and could not use, and ends with 1 where that was most."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.application import execute
from engine.cli.exits import Exit

QUOTES = "ts,exchange,bid,bid_size,ask,ask_size"
TRADES = "ts,exchange,price,size,cond,corr"
HEADER = "ts,source,cl_ord_id,client_id,instrument_id,side,order_qty,time_in_force,limit_px"
DAY = "2018-01-02"
AT = f"{DAY}T14:31:06Z"


def good_quotes(count: int) -> list[str]:
    return [f"{DAY}T14:31:{n:02}Z,{'NT'[n % 2]},157.10,3,157.12,3" for n in range(count)]


def order(number: int, at: str = AT, **changes: str) -> str:
    cells = {
        "ts": at, "source": "OMS-1", "cl_ord_id": f"A{number}", "client_id": "C01",
        "instrument_id": "XXX", "side": "buy", "order_qty": "100", "time_in_force": "ioc",
        "limit_px": "",
    } | changes  # fmt: skip
    return ",".join(cells.values())


Run = Callable[..., tuple[int, dict[str, object], str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A simulation of these rows: its exit code, figures and reasons."""

    def run(quotes: list[str], orders: list[str]) -> tuple[int, dict[str, object], str]:
        market = tmp_path / "market"
        market.mkdir(exist_ok=True)
        (market / "quotes.csv").write_text("\n".join([QUOTES, *quotes, ""]))
        (market / "trades.csv").write_text(f"{TRADES}\n{DAY}T14:31:05Z,N,157.11,100,,\n")
        (tmp_path / "o.csv").write_text("\n".join([HEADER, *orders, ""]))
        words = ["--market", str(market), "--orders", str(tmp_path / "o.csv")]
        code = execute(["simulate", *words, "--out", str(tmp_path / "run"), "-o", "json"])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return run


def test_a_market_that_was_mostly_refused_ends_with_1_and_counts_by_reason(run: Run) -> None:
    """2,449 of 2,452 rows unreadable ended with 0."""
    bad = [f"{DAY} 14:31,N,157.10,3,157.12,3"] * 1_449 + [f"{AT},N,157.10,3,a lot,3"] * 1_000
    code, figures, said = run([*good_quotes(3), *bad], [order(1)])
    assert code == Exit.ERROR
    assert "most market rows were refused, 2,449 of 2,453:" in said
    assert figures["unreadable_market_rows"] == 2_449
    by_reason = figures["refused_by_reason"]
    assert isinstance(by_reason, dict)
    assert sorted(by_reason["market"].values()) == [1_000, 1_449]
    first, second = by_reason["market"]
    assert first.startswith("ts, expected")
    assert second.startswith("ask, expected")


def test_orders_that_the_engine_mostly_refused_end_with_1_too(run: Run) -> None:
    orders = [order(n, instrument_id="YYY") for n in range(3)] + [order(9), order(10, side="?")]
    code, figures, said = run(good_quotes(6), orders)
    assert code == Exit.ERROR
    assert "most order lines were refused, 4 of 5:" in said
    assert figures["refused_by_reason"] == {
        "market": {},
        "reference": {},
        "orders": {"UNKNOWN_INSTRUMENT": 3, "side": 1},
    }


def test_a_part_that_was_refused_is_counted_and_the_run_is_well(run: Run) -> None:
    code, figures, said = run([*good_quotes(6), "x"], [order(1), order(2), order(3, side="?")])
    assert code == Exit.OK
    assert "most" not in said
    by_reason = figures["refused_by_reason"]
    assert isinstance(by_reason, dict)
    assert by_reason["orders"] == {"side": 1}
    assert list(by_reason["market"].values()) == [1]


@pytest.mark.parametrize(
    "at",
    [
        *("2018-01-01T14:31:06Z", "2018-01-03T14:31:06Z", "2019-01-02T14:31:06Z"),
        "2018-01-02T04:59:59Z",  # A second before midnight in New York.
        "2018-01-03T05:00:00Z",  # Its next midnight.
    ],
)
def test_an_order_outside_the_day_of_the_folder_is_refused_by_name(
    run: Run, tmp_path: Path, at: str
) -> None:
    code, figures, said = run(good_quotes(6), [order(1), order(2), order(3, at)])
    assert code == Exit.OK
    assert figures["orders"] == 2
    words = f"found {at}, expected a time on 2018-01-02 in America/New_York"
    assert f"line 4: ts outside the day of the market: {words}" in said
    (kept,) = (tmp_path / "run" / "orders.rejected.jsonl").read_text().splitlines()
    assert json.loads(kept)["text"] == order(3, at)


@pytest.mark.parametrize("at", ["2018-01-02T05:00:00Z", "2018-01-03T04:59:59Z"])
def test_an_order_at_the_edges_of_the_day_is_in_it(run: Run, at: str) -> None:
    _, figures, said = run(good_quotes(6), [order(1), order(2), order(3, at)])
    assert figures["orders"] == 3
    assert "outside" not in said


def test_a_rerun_replaces_the_rejects_of_the_run_before(run: Run, tmp_path: Path) -> None:
    rejects = tmp_path / "run" / "orders.rejected.jsonl"
    run(good_quotes(6), [order(1), order(2, side="?"), order(3)])
    assert "?" in rejects.read_text()
    run(good_quotes(6), [order(1), order(2), order(3, order_qty="many")])
    (kept,) = rejects.read_text().splitlines()
    assert json.loads(kept)["text"] == order(3, order_qty="many")
    run(good_quotes(6), [order(1), order(2), order(3)])
    assert not rejects.exists()


def test_a_refusal_is_audited_in_the_units_of_people_and_kept_for_machines(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = [order(1), order(2), order(3, limit_px="157.255"), order(4, at="2018-01-03T02:00:00Z")]
    run(good_quotes(6), orders)
    words = ["--projection", str(tmp_path / "run" / "projection.duckdb")]
    expected = {
        "A3": ("limit_px is 157.255, expected a multiple of the tick 0.01", "157255000000"),
        "A4": ("the session ended at 2018-01-02T21:00:00Z", "1514926800000000000 ns"),
    }
    for cl_ord_id, (shown, raw) in expected.items():
        assert execute(["audit", cl_ord_id, *words]) == Exit.OK
        text = " ".join(capsys.readouterr().out.split())
        assert text.count(shown) == 2, "in the headline and in its step"
        assert raw not in text
        assert execute(["audit", cl_ord_id, *words, "-o", "json"]) == Exit.OK
        assert raw in capsys.readouterr().out
    assert execute(["blotter", "refusals", *words]) == Exit.OK
    text = capsys.readouterr().out
    assert execute(["blotter", "refusals", *words, "-o", "json"]) == Exit.OK
    rows = {row["cl_ord_id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(expected)
    for cl_ord_id, (shown, raw) in expected.items():
        assert shown in text
        assert raw not in text
        assert raw in rows[cl_ord_id]["text"]
    assert (rows["A3"]["action"], rows["A3"]["reason"]) == ("submit", "LIMIT_PX_OFF_TICK")
    assert rows["A4"]["refused_at"] == "2018-01-02 21:00:00"
