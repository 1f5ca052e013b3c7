"""`metaorder reference`: load a file; make volume curves from past days."""

import time
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import (
    ByOption,
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    loaded,
    user,
)
from engine.cli.render import Output, from_dicts, progress, render, render_one
from engine.gateways.files import reference_file
from engine.gateways.values import day
from engine.simulation.market import data, estimates, volume_curves

BUCKETS = 26  # Quarter-hours of 6.5 hours, the bins of Satish, Saxena and Palmer (2014).

app = typer.Typer(help="Instruments, venues, fees, calendars, curves.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Instruments, venues, fees, calendars, volume curves."""


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="TOML file of reference tables.")],
    *,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write the reference data of a file to the log, all or none of it."""
    tables = reference_file.read(file)
    records = reference_file.records(tables, sender=user(by), at_ns=time.time_ns())
    with configured_log(loaded(config, log_url=log_url)) as log:
        log.append("reference", records)
    render_one({"written": len(records), "topic": "reference"}, output)


@app.command()
def curve(
    folders: Annotated[
        list[Path], typer.Argument(help="Market folders of past days; again for each.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="TOML file to write; `reference load` takes it.")],
    buckets: Annotated[
        int, typer.Option(min=1, max=volume_curves.BUCKETS_MAX, help="Equal parts of the day.")
    ] = BUCKETS,
    effective_day: Annotated[
        int | None,
        typer.Option(parser=day, metavar="DAY", help="In force from; default the day after."),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make each instrument's volume curve, usual volume and volatility from its past days.

    The curve is the median day, auctions apart, with the error of each bucket; it names the days
    that it was made from, and is never in force on one of them. The instrument and its ticks are as
    in the last folder, with the volume and the volatility of the days.
    """
    days: dict[str, list[volume_curves.DayVolume]] = {}
    prices: dict[str, list[estimates.DayPrices]] = {}
    with progress("reading past days") as bar:
        for done, folder in enumerate(folders, 1):
            market = data.load(folder)
            found = volume_curves.day_volume(market, buckets)
            days.setdefault(found.instrument_id, []).append(found)
            prices.setdefault(found.instrument_id, []).append(estimates.day_prices(market))
            bar.at(done, len(folders), "folders")
    made = [volume_curves.curve(every, effective_day) for every in days.values()]
    instruments = [estimates.instrument(prices[each.instrument_id], each) for each in made]
    tables = [estimates.as_toml(*each) for each in instruments]
    tables += map(volume_curves.as_toml, made)
    out.write_text("\n".join(tables), encoding="utf-8")
    summary = [
        {
            "instrument_id": each.instrument_id,
            "effective_day": each.effective_day,
            "days": len(each.observed_days),
            "first_day": each.observed_days[0],
            "last_day": each.observed_days[-1],
            "volume_qty": sum(each.volumes_qty),
            "daily_volatility_ppm": instrument.daily_volatility_ppm,
            "file": str(out),
        }
        for each, (instrument, _) in zip(made, instruments, strict=True)
    ]
    render(from_dicts(summary), output)
