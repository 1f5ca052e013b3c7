"""VWAP, TWAP, volume at price and one real trading day (data/benchmarks.json)."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from models import benchmarks
from reference_cases import cases, check

from engine.core.events import Side

CHECKOUT = Path(__file__).parents[2]
MARKET_DATA = (CHECKOUT / "examples", CHECKOUT.parent / "shared" / "data")
OFF_EXCHANGE = "D"  # FINRA's code for prints away from the exchanges.
SECOND_NS = 1_000_000_000


@pytest.mark.parametrize("case", cases("benchmarks", "vwap"))
def test_interval_vwap(case: dict[str, Any]) -> None:
    start, end, rows = (case["inputs"][name] for name in ("start", "end", "trades"))
    trades = [
        benchmarks.Trade(at=at, price=price, quantity=quantity, eligible=eligible, own=own)
        for at, price, quantity, eligible, own in rows
    ]
    prices = [trade.price for trade in trades if start <= trade.at < end]
    mean_price = Fraction(sum(prices)) / len(prices) if prices else None
    got = asdict(benchmarks.interval_vwap(trades, start, end))
    check(case, got | {"mean_price": mean_price})


@pytest.mark.parametrize("case", cases("benchmarks", "twap"))
def test_twap(case: dict[str, Any]) -> None:
    start, end, ticks = (case["inputs"][name] for name in ("start", "end", "ticks"))
    got = benchmarks.twap(ticks, start, end)
    wrong = right_endpoint(ticks, start, end)
    check(case, {"twap": got, "right_endpoint": wrong})


@pytest.mark.parametrize("case", cases("benchmarks", "volume_at_price"))
def test_volume_at_price(case: dict[str, Any]) -> None:
    inputs = case["inputs"] | {"side": Side(case["inputs"]["side"].upper())}
    check(case, benchmarks.volume_at_price(**inputs))


@pytest.mark.parametrize("case", cases("benchmarks", "market_day"))
def test_market_day(case: dict[str, Any]) -> None:
    path = find_market_data(case["inputs"]["file"])
    day = next(read_trades(path))[0] // (86_400 * SECOND_NS) * 86_400 * SECOND_NS
    open_ns, close_ns = day + 52_200 * SECOND_NS, day + 75_600 * SECOND_NS  # 14:30 to 21:00 UTC.
    got = asdict(benchmarks.market_day(read_trades(path), open_ns, close_ns, 1_800 * SECOND_NS))
    check(case, got | {"half_hour_volume": got["bucket_volumes"]})


def find_market_data(name: str) -> Path:
    found = [folder / name for folder in MARKET_DATA if (folder / name).exists()]
    if not found:
        pytest.fail(f"{name} is in none of {[str(folder) for folder in MARKET_DATA]}")
    return found[0]


def read_trades(path: Path) -> Iterator[tuple[int, bool, Fraction, int]]:
    """(time, off exchange, price, quantity) of each row."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            whole = datetime.fromisoformat(row["ts"]).astimezone(UTC)
            at_ns = int(whole.timestamp()) * SECOND_NS + whole.microsecond * 1_000
            off_exchange = row["exchange"] == OFF_EXCHANGE
            yield at_ns, off_exchange, Fraction(row["price"]), int(row["size"])


def right_endpoint(
    ticks: list[tuple[Fraction, Fraction]], start: Fraction, end: Fraction
) -> Fraction | None:
    """A common mistake: weight each price by the time since the tick before it."""
    inside = [tick for tick in ticks if start <= tick[0] < end]
    weighted = [(after - before, price) for (before, _), (after, price) in pairwise(inside)]
    weight = sum(length for length, _ in weighted)
    return sum(length * price for length, price in weighted) / weight if weight else None
