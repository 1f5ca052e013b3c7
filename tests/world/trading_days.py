"""Small market folders of days unlike New York's, and their run through the engine.

A day is made from its local sessions: both exchanges quote a thousand at a spread of two cents
every ten seconds of trading time, and a print of 200 follows each quote. One order works from the
first open to the last close. What the engine did comes back as events.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from engine import config
from engine.cli.rules import rules_of
from engine.core import events as e
from engine.gateways.files import controls_file
from engine.log import open_log
from engine.log.port import Log
from engine.simulation.driver import Simulation
from engine.simulation.market import data as market_data
from engine.simulation.market.data import FolderFacts, MarketData
from engine.simulation.script import TimedInput, of_folder

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
LOT = 100
EVERY_NS = 10 * SECOND  # Between two quotes of an exchange.
SEAL_NS = 5 * SECOND
CLIENT = "C01"


class Day(NamedTuple):
    """A trading day: its instrument file, and its sessions as UTC times, by hand."""

    toml: str
    sessions: tuple[tuple[str, str], ...]

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(utc_ns(first), utc_ns(last)) for first, last in self.sessions]


TOKYO = Day(
    """instrument_id = "7203"
currency = "JPY"
tick = "0.01"
calendar_id = "TSE"
time_zone = "Asia/Tokyo"
sessions = [{ open = "09:00", close = "11:30" }, { open = "12:30", close = "15:30" }]
day = 2025-11-28
""",
    (
        ("2025-11-28T00:00:00", "2025-11-28T02:30:00"),
        ("2025-11-28T03:30:00", "2025-11-28T06:30:00"),
    ),
)
OVERNIGHT = Day(  # A futures day: it begins on the evening before, and rests in the afternoon.
    """instrument_id = "ESZ5"
tick = "0.01"
calendar_id = "CME"
time_zone = "America/Chicago"
sessions = [
    { open = "17:00", open_day = -1, close = "08:15" },
    { open = "08:30", close = "16:00" },
]
day = 2025-11-25
""",
    (
        ("2025-11-24T23:00:00", "2025-11-25T14:15:00"),
        ("2025-11-25T14:30:00", "2025-11-25T22:00:00"),
    ),
)
HALF = Day(  # The day after Thanksgiving.
    """instrument_id = "IBM"
close = "13:00"
day = 2025-11-28
""",
    (("2025-11-28T14:30:00", "2025-11-28T18:00:00"),),
)
CRYPTO = Day(
    """instrument_id = "BTCUSDT"
currency = "USDT"
tick = "0.01"
calendar_id = "ROUND-THE-CLOCK"
time_zone = "UTC"
sessions = [{ open = "00:00", close = "24:00" }]
day = 2025-11-29
""",
    (("2025-11-29T00:00:00", "2025-11-30T00:00:00"),),
)
UNITS = 'quote_size_unit = "shares"\ntrade_size_unit = "shares"\nconditions = "none"\n'


def utc_ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def stamp(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def times(spans: Sequence[tuple[int, int]], every_ns: int = EVERY_NS) -> Iterator[int]:
    for first, last in spans:
        yield from range(first, last, every_ns)


def folder_of(path: Path, day: Day, every_ns: int = EVERY_NS) -> MarketData:
    """The folder of a day, made and read."""
    path.mkdir(parents=True)
    (path / "instrument.toml").write_text(day.toml + UNITS)
    quotes, trades = ["ts,exchange,bid,bid_size,ask,ask_size"], ["ts,exchange,price,size,cond,corr"]
    for number, at_ns in enumerate(times(day.spans, every_ns)):
        cent = number % 2  # Each quote is another one, with its own thousand to take.
        quotes += [f"{stamp(at_ns)},{code},100.0{cent},1000,100.0{cent + 2},1000" for code in "NP"]
        trades.append(f"{stamp(at_ns + SECOND)},N,100.01,200,,")
    (path / "quotes.csv").write_text("\n".join(quotes) + "\n")
    (path / "trades.csv").write_text("\n".join(trades) + "\n")
    return market_data.load(path, strict=True)


def order_of(facts: FolderFacts, **said: Any) -> TimedInput:  # noqa: ANN401  Fields of any type.
    """An order of nine thousand, received at the first open unless the test names another time."""
    base: dict[str, Any] = {
        "source": "oms",
        "cl_ord_id": "o1",
        "client_id": CLIENT,
        "instrument_id": facts.instrument.instrument_id,
        "side": e.Side.BUY,
        "order_qty": 9_000,
        "order_type": e.OrderType.MARKET,
        "time_in_force": e.TimeInForce.DAY,
        "urgency": e.Urgency.LOW,
        "benchmark": e.Benchmark.TWAP,
        "capacity": e.Capacity.AGENCY,
        "settlement": "REGULAR",
        "must_complete": True,
        "no_dark": True,
        "excluded_venues": (),
        "received_ns": facts.open_ns,
    }
    submitted = e.OrderSubmitted(**{**base, **said})
    return TimedInput(submitted.received_ns, submitted, "oms")


def controls_of(
    facts: FolderFacts, strategy: e.Strategy, patience_ns: int | None = None
) -> list[e.Input]:
    """The example's controls with one strategy, its patience, and a limit in the day's currency."""
    path = Path(str(files("engine.simulation").joinpath("controls.toml")))
    found: list[e.Input] = []
    for table in controls_file.read(path):
        event = table.to_event("desk", facts.open_ns - HOUR)
        if isinstance(event, e.PolicySet):
            event = replace(event, strategy=strategy, max_slice_ppm=1_000_000, min_slice_qty=1)
            if patience_ns is not None:
                event = replace(event, patience_ns=patience_ns)
        if isinstance(event, e.RiskLimitSet) and event.scope is e.ControlScope.FIRM:
            event = replace(event, currency=facts.instrument.currency, max_order_qty=10**9)
            event = replace(event, max_order_notional_cur=None)
        found.append(event)
    return found


@dataclass(frozen=True)
class Run:
    """What a day came to."""

    data: MarketData
    events: Sequence[Any]

    def of(self, kind: type, **said: Any) -> list[Any]:  # noqa: ANN401  Fields of any type.
        return [
            x
            for x in self.events
            if isinstance(x, kind) and all(getattr(x, n) == value for n, value in said.items())
        ]

    def filled_qty(self, first_ns: int, last_ns: int) -> int:
        """Executed from a moment on until before another one."""
        fills = self.of(e.FillBooked)
        return sum(x.last_qty for x in fills if first_ns <= x.at_ns < last_ns)


def run_of(
    data: MarketData,
    orders: Sequence[TimedInput],
    strategy: e.Strategy,
    log: Log,
    patience_ns: int | None = None,
) -> Run:
    events: list[Any] = []
    script = of_folder(data, orders, controls_of(data.facts, strategy, patience_ns), seed=7)
    rules = rules_of(config.load(partitions=1), open_batch_ns=SEAL_NS, seal_every_ns=SEAL_NS)
    Simulation(
        log, rules, script, seed=7, on_sealed=lambda sealed: events.extend(sealed.events)
    ).run()
    return Run(data, events)


def played(
    tmp_path: Path,
    day: Day,
    strategy: e.Strategy = e.Strategy.TWAP,
    orders: Sequence[Mapping[str, Any]] = ({},),
    every_ns: int = EVERY_NS,
    patience_ns: int | None = None,
) -> Run:
    """A day from its folder to its events; each order by the fields in which it is special."""
    data = folder_of(tmp_path / "day", day, every_ns)
    timed = [order_of(data.facts, **{"cl_ord_id": f"o{n}", **x}) for n, x in enumerate(orders)]
    with open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=1) as log:
        return run_of(data, timed, strategy, log, patience_ns)
