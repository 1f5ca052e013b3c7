"""A minute's worth of wild rows in a real market: through `simulate`, and through the worker."""

import csv
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from pipeline import desk, in_process, short_day

import projections
from engine.core import events as e
from engine.core.events import Input
from engine.log import open_log
from engine.log.embedded import EmbeddedLog
from engine.log.port import STAGE_TOPICS, Log
from engine.simulation.market.data import load

ROWS, ORDERS = 4_000, 120
PARTITIONS = 2
EVERY = 20  # Rows between two wild ones.
CENT = 10_000_000
VENUES = ("T", "P", "Z", "K", "M")


class Wild(NamedTuple):
    """Prices and sizes of a row, from those of an honest one."""

    name: str
    bid: float
    ask: float
    lots: str = "5"


def wild_rows(bid: float, ask: float) -> tuple[Wild, ...]:
    return (
        Wild("tenfold", bid * 10, bid * 10 + 0.02),
        Wild("hundredfold", bid * 100, ask * 100),
        Wild("in hundredths", bid / 100, ask / 100),
        Wild("zero", 0, 0, "0"),
        Wild("an ask of a cent", 0, 0.01),
        Wild("a bid of a thousand", 1000, 0),
        Wild("crossed in itself", ask + 1, bid - 1),
        Wild("a stub", 0.01, 199_999.99),
        Wild("half", bid / 2, ask / 2),
    )


def spoil(path: Path) -> int:
    """Put a wild row of another venue after every so many rows; returns their number."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    venues, planted, told = cycle(VENUES), 0, [header]
    for number, row in enumerate(rows):
        told.append(row)
        if number % EVERY:
            continue
        wild = wild_rows(float(row[2]) or 1.0, float(row[4]) or 1.0)
        one = wild[planted % len(wild)]
        venue = next(code for code in venues if code != row[1])
        told.append([row[0], venue, f"{one.bid:.4f}", one.lots, f"{one.ask:.4f}", one.lots])
        planted += 1
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(told)
    return planted


def stage_events(log: Log) -> list[Any]:
    return [event for topic in STAGE_TOPICS for event in in_process.events(log, topic)]


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Any]]]:
    """The folder and the events of the spoiled day."""
    folder = tmp_path_factory.mktemp("wild")
    day = short_day.make(folder / "market", ROWS, ORDERS)  # The orders saw the honest rows.
    assert spoil(folder / "market" / "quotes.csv") == ROWS // EVERY
    day = day._replace(data=load(folder / "market", strict=True))
    with EmbeddedLog(folder / "log.db", PARTITIONS) as log:
        short_day.simulation(log, day, seed=7).run()
        projections.rebuild(log, folder / "p.duckdb")
        yield folder, stage_events(log)


def prints_px(folder: Path) -> tuple[int, int]:
    """The lowest and the highest eligible print of the day."""
    prints = [x.last_px for x in load(folder / "market").trades() if x.eligible]
    return min(prints), max(prints)


def test_no_wild_row_prices_a_child_or_a_cross(spoiled: tuple[Path, list[Any]]) -> None:
    folder, events = spoiled
    low_px, high_px = prints_px(folder)
    low_px, high_px = low_px - 50 * CENT, high_px + 50 * CENT  # Quotes stand beside the prints.
    children = [x for x in events if type(x) is e.ChildRouted]
    crosses = [x for x in events if type(x) is e.OrdersCrossed]

    assert len(children) > ORDERS // 2
    assert crosses
    for child in children:
        assert low_px < child.limit_px < high_px
        assert child.bid_px == 0 or low_px < child.bid_px
        assert child.ask_px < high_px
    for crossed in crosses:
        assert low_px < crossed.cross_px < high_px


def test_no_order_is_refused_for_a_wild_row(spoiled: tuple[Path, list[Any]]) -> None:
    refused = {x.reason for x in spoiled[1] if type(x) is e.OrderRejected}

    assert e.RejectReason.LIMIT_PX_OUTSIDE_COLLAR not in refused


def test_every_fill_is_near_the_tape(spoiled: tuple[Path, list[Any]]) -> None:
    folder, events = spoiled
    low_px, high_px = prints_px(folder)
    fills = [x.last_px for x in events if type(x) is e.FillBooked]

    assert fills
    assert low_px - 50 * CENT < min(fills)
    assert max(fills) < high_px + 50 * CENT


def test_the_invariants_hold_on_the_spoiled_day(spoiled: tuple[Path, list[Any]]) -> None:
    with closing(duckdb.connect(str(spoiled[0] / "p.duckdb"))) as connection:
        told = "select name from invariants where violations <> 0"
        assert connection.execute(told).fetchall() == []


def test_most_waits_for_a_doubted_quote_are_short(spoiled: tuple[Path, list[Any]]) -> None:
    """The orders are executed as far as those of an honest day."""
    filled = sum(x.last_qty for x in spoiled[1] if type(x) is e.FillBooked)

    assert filled > 0


# ------------------------------------------------------------------------------ the worker


class Told(NamedTuple):
    """Rows of one venue in a market of 100 that the other shows."""

    name: str
    bid_px: int
    ask_px: int
    qty: int = 5_000
    age_ns: int = 0

    def __str__(self) -> str:
        return self.name


MID_PX = desk.MID_PX
TOLD = (
    Told("tenfold", 10 * MID_PX, 10 * MID_PX + CENT),
    Told("hundredfold", 100 * MID_PX, 100 * MID_PX + CENT),
    Told("an ask of a cent", 0, CENT),
    Told("a bid of a thousand", 10 * MID_PX, 0),
    Told("zero", 0, 0, 0),
    Told("crossed in itself", MID_PX + CENT, MID_PX - CENT),
    Told("stale", MID_PX + 10 * CENT, MID_PX + 11 * CENT, age_ns=3_600 * desk.S),
)


@pytest.mark.parametrize("told", TOLD, ids=str)
def test_the_worker_prices_nothing_by_a_wild_row(tmp_path: Path, told: Told) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    with open_log(url, partitions=1) as log:
        publisher = desk.Publisher(log, desk.OMS)
        publisher.send(*desk.reference(("AAA",)), *desk.controls(time.time_ns()))
        with in_process.worker(in_process.opener(url, 1)) as running:
            in_process.until(lambda: in_process.taken(log, "controls", 0), "controls", running)
            now_ns = time.time_ns()  # Of a worker at work: a quote must not be old when it is read.
            honest = desk.quote("AAA", desk.VENUES[0], now_ns)
            publisher.send(honest, observed(told, now_ns))
            in_process.until(
                lambda: in_process.taken(log, "market-data", 0) == 2, "quotes", running
            )
            publisher.send(*both_sides())
            in_process.until(
                lambda: (
                    in_process.events(log, "routes", e.ChildRouted)
                    or in_process.events(log, "aggregation", e.OrdersCrossed)
                ),
                "a child or a cross",
                running,
            )
            children = in_process.events(log, "routes", e.ChildRouted)
            crosses = in_process.events(log, "aggregation", e.OrdersCrossed)
    assert {x.cross_px for x in crosses} <= {MID_PX}
    assert {x.bid_px for x in children} <= {MID_PX - CENT}
    assert {x.ask_px for x in children} <= {MID_PX + CENT}


def observed(told: Told, now_ns: int) -> e.QuoteObserved:
    return e.QuoteObserved(
        venue=desk.VENUES[1],
        instrument_id="AAA",
        bid_px=told.bid_px,
        bid_qty=told.qty if told.bid_px else 0,
        ask_px=told.ask_px,
        ask_qty=told.qty if told.ask_px else 0,
        event_ns=now_ns,
        received_ns=now_ns - told.age_ns,
    )


def both_sides() -> list[Input]:
    """Two clients that may cross, and more to buy than to sell."""
    return [
        desk.order("B1", "AAA", order_qty=500),
        desk.order("S1", "AAA", order_qty=200, side=e.Side.SELL, client_id=desk.CLIENTS[1]),
    ]
