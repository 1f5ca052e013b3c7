"""The first minutes of the recorded day as a day of its own, with orders and controls for it."""

import gzip
import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engine.core.events import Input
from engine.gateways.files import controls_file
from engine.gateways.orders import tickets
from engine.log.port import Log
from engine.runtime.shard import Rules, Sealed
from engine.simulation import order_generator
from engine.simulation.driver import Simulation
from engine.simulation.market.data import MarketData, load
from engine.simulation.order_mistakes import Row
from engine.simulation.script import TimedInput, of_folder

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDER = EXAMPLES / "us-equity-2018-01-02"
OPEN_TEXT = "2018-01-02T14:30:00"  # 09:30 in New York.
SETTINGS = {"limit_band_px": 100_000_000, "quote_age_max_ns": 30_000_000_000}


class ShortDay(NamedTuple):
    """The inputs of a simulation."""

    data: MarketData
    inputs: tuple[TimedInput, ...]
    controls: tuple[Input, ...]


def rules(partitions: int) -> Rules:
    settings = {**SETTINGS, "partitions": partitions, "tape_includes_own": False}
    return Rules(
        settings_text=json.dumps(settings, sort_keys=True, separators=(",", ":")),
        release="test",
        python=".".join(platform.python_version_tuple()[:2]),
        partitions=partitions,
    )


def make(folder: Path, rows: int, order_count: int, order_seed: int = 7) -> ShortDay:
    """The first `rows` quotes and half as many prints after the open, and orders among them."""
    folder.mkdir()
    last = max(
        _extract(folder, "quotes", rows),
        _extract(folder, "trades", rows // 2),
    )
    close = (
        f"{int(last[11:13]) - 5:02}:{int(last[14:16]) + 1:02}"  # New York is UTC - 5 in January.
    )
    toml = (FOLDER / "instrument.toml").read_text()
    (folder / "instrument.toml").write_text(toml.replace('"16:00"', f'"{close}"'))
    data = load(folder, strict=True)
    rows_of = order_generator.generate(data, order_count, order_seed)
    return ShortDay(data, tuple(map(_timed, rows_of)), controls(data.facts.open_ns))


def controls(set_ns: int) -> tuple[Input, ...]:
    tables = controls_file.read(EXAMPLES / "controls.toml")
    return tuple(table.to_event("test", set_ns) for table in tables)


def simulation(
    log: Log, day: ShortDay, seed: int, on_sealed: Callable[[Sealed], None] | None = None
) -> Simulation:
    return Simulation(
        log,
        rules(log.partitions),
        of_folder(day.data, day.inputs, day.controls, seed),
        seed=seed,
        on_sealed=on_sealed,
    )


def _extract(folder: Path, name: str, rows: int) -> str:
    """Write the first rows from the open on; returns the last one's time."""
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt") as file:
        header, *lines = file
    session = [line for line in lines if line >= OPEN_TEXT][:rows]
    (folder / f"{name}.csv").write_text(header + "".join(session))
    return session[-1].split(",")[0]


def _timed(row: Row) -> TimedInput:
    ticket = tickets.parse(row)
    assert ticket.ts is not None
    event = ticket.to_event(ticket.ts)
    return TimedInput(ticket.ts, event, ticket.source)
