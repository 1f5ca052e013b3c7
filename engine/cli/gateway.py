"""`metaorder gateway`: simulated venues to trade on, and a replayed market."""

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.markup import escape

from engine.cli import lines
from engine.cli.options import ConfigOption, LogOption, OutputOption, configured_log, loaded
from engine.cli.render import Bar, Output, errors, progress, render_one
from engine.cli.simulate import QueueOption
from engine.gateways.standby import Standby
from engine.gateways.venues.run import lease_of
from engine.log.port import Log
from engine.simulation.market import data as market_data
from engine.simulation.market.replay import MarketReplay, Played
from engine.simulation.paper import PAPER, paper_gateway
from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.fill_model import FillModel
from engine.simulation.venues.queue import Queue

app = typer.Typer(help="Paper trading: simulated venues, a replayed market.", no_args_is_help=True)

SeedOption = Annotated[int, typer.Option(help="Seed of all chance.")]
KillFileOption = Annotated[
    Path | None,
    typer.Option("--kill-file", metavar="PATH", help="While it is there, nothing goes out."),
]


TakeoverOption = Annotated[
    bool, typer.Option(help="Take over from one that runs, or wait until it has ended.")
]


@app.command()
def paper(
    *,
    seed: SeedOption = 7,
    queue: QueueOption = Queue.BASE,
    kill_file: KillFileOption = None,
    takeover: TakeoverOption = True,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Trade what the engine routes on simulated venues, until SIGINT or SIGTERM.

    One paper gateway trades on a log: a newer one takes over, and the older one ends with exit
    code 1. With --no-takeover it stands by until the other has ended or died.
    """
    settings = loaded(config, log_url=log_url, kill_file=kill_file)
    lines.to_stderr(settings.log_level)
    with configured_log(settings) as log:
        gateway = paper_gateway(
            log,
            seed=seed,
            behaviour=Behaviour(queue=queue),
            quote_age_max_ns=settings.quote_age_max_ns,
            kill_file=settings.kill_file.absolute(),
        )
        if takeover or is_free(log, lease_of(PAPER)):
            with stopped_by_signals(gateway.stop), progress("paper trading") as bar:
                gateway.run(_watcher(bar))
        counts = gateway.tally
    names = ("routes", "sent", "not_sent", "fills", "filled_qty", "cancels_rejected", "resolved")
    run = f"{gateway.run_number:x}"
    model = str(FillModel(queue))
    render_one({"run": run, "fill_model": model, **{x: counts[x] for x in names}}, output)


@app.command()
def replay(
    *,
    market: Annotated[Path, typer.Option(help="Market data folder.")],
    speed: Annotated[int, typer.Option(min=1, help="Recorded seconds in one of the clock.")] = 60,
    seed: SeedOption = 7,
    close_open_day: Annotated[
        bool, typer.Option("--close-open-day", help="Close a day that is still open, first.")
    ] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Play a recorded day as if its session opened now; SIGINT or SIGTERM closes the day.

    Writes reference data, DayOpened, the quotes and prints, and DayClosed at the end.
    """
    with progress(f"reading {market.name}"):
        data = market_data.load(market)
    with configured_log(loaded(config, log_url=log_url)) as log:
        job = MarketReplay(log, data, speed=speed, seed=seed)
        with stopped_by_signals(job.stop), progress(f"replaying at {speed}", len(data)) as bar:
            played = job.run(
                close_open_day=close_open_day,
                on_opened=_report_opened,
                progress=lambda done, total: bar.at(done, total, "rows"),
            )
    render_one(asdict(played), output)


def _report_opened(played: Played) -> None:
    first, last = (
        datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%H:%M:%S")
        for at_ns in (played.open_ns, played.close_ns)
    )
    errors().print(f"day {played.day} is open; its session lasts from {first} to {last} UTC")


def _watcher(bar: Bar) -> Callable[[Counter[str]], None]:
    """Reports once that the sessions are up, then counts the fills."""
    shown: set[str] = set()

    def watch(counts: Counter[str]) -> None:
        if not shown:
            shown.add("up")
            resolved = counts["resolved"]
            text = f"paper gateway is up; {resolved} unknown children of an older run resolved"
            errors().print(escape(text))
        bar.at(counts["fills"], None, f"fills of {counts['sent']:,} children")

    return watch


def is_free(log: Log, name: str) -> bool:
    """Stand by until a name is free; False if a signal ended the wait."""
    standby = Standby(log, name)
    with stopped_by_signals(standby.stop):
        return standby.wait(
            lambda holder: errors().print(f"waiting: {holder} holds {name}", markup=False)
        )


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop a job between two steps; a second signal kills it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only.
        return

    def on_signal(number: int, _: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop()

    before = {x: signal.signal(x, on_signal) for x in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
