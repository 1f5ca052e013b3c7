"""`metaorder whatif`: the same day with another strategy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import projections as project
from engine.audit import comparison, counterfactual
from engine.audit.comparison import Interval, Outcome
from engine.audit.counterfactual import CounterfactualError, RecordedDay
from engine.cli.options import ConfigOption, LogOption, OutputOption, existing, loaded, opened
from engine.cli.render import Output, from_dicts, progress, render, render_one
from engine.cli.rules import rules_of
from engine.cli.simulate import SIMULATED_SEAL_NS
from engine.config import Config
from engine.log import open_log
from engine.recording import last_seal
from engine.seal import GENESIS, run_chain
from engine.simulation.script import Script

HAPPENED, MODELLED, CHANGED = "happened", "modelled", "changed"


def whatif(
    *,
    log: LogOption = None,
    day: Annotated[
        int | None, typer.Option(metavar="YYYYMMDD", help="Which day; default the only one.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A field of the policy, as strategy=TWAP."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the logs and projections.")] = Path(
        "out/whatif"
    ),
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Play a recorded day again with another policy, and compare what it cost.

    First with nothing changed: how far that is from what happened is the fill model's own error.
    """
    settings = loaded(config, log_url=log)
    existing(settings)
    said = parsed(changes or [])
    out.mkdir(parents=True, exist_ok=True)
    with opened(settings) as place, progress("reading the day"):
        recorded = counterfactual.recorded_day(place, day)
        chain = chain_of(settings)
        happened = projected(settings.log_url, settings.partitions, out / f"{HAPPENED}.duckdb")
    other = counterfactual.changed(recorded.script, said)
    modelled, modelled_chain = run(settings, recorded, recorded.script, out, MODELLED)
    runs = {HAPPENED: happened, MODELLED: modelled}
    if said:
        runs[CHANGED], _ = run(settings, recorded, other, out, CHANGED)
    differences = {"fill model's error": comparison.difference(happened, modelled)}
    if said:
        differences["effect of the change"] = comparison.difference(modelled, runs[CHANGED])
    show(runs, differences, recorded, said, output, is_same=modelled_chain == chain)


def parsed(changes: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in changes:
        name, is_set, value = text.partition("=")
        if not is_set or not value:
            raise CounterfactualError(f"--set {text}: expected NAME=VALUE, as strategy=TWAP.")
        found[name.strip().lower()] = value.strip()
    return found


def run(
    settings: Config, recorded: RecordedDay, script: Script, out: Path, name: str
) -> tuple[Outcome, bytes]:
    """Play and project; what it came to, and its chain."""
    path = out / f"{name}.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    rules = rules_of(settings, open_batch_ns=SIMULATED_SEAL_NS, seal_every_ns=SIMULATED_SEAL_NS)
    with progress(f"playing the day: {name}", len(script)) as bar:
        chain = counterfactual.play(
            script, rules, recorded.seed, path, lambda n, all_: bar.at(n, all_, "inputs")
        )
    return projected(f"sqlite:{path}", settings.partitions, out / f"{name}.duckdb"), chain


def projected(url: str, partitions: int, projection: Path) -> Outcome:
    with open_log(url, partitions=partitions) as log:
        project.rebuild(log, projection, log_url=url)
    with project.connect(projection) as connection:
        return comparison.outcome(connection)


def chain_of(settings: Config) -> bytes:
    """The chain of the whole log, as it stands."""
    with opened(settings) as log:
        heads = [last_seal(log, shard) for shard in range(log.partitions)]
    return run_chain([GENESIS if head is None else head.chain for head in heads])


def show(
    runs: dict[str, Outcome],
    differences: dict[str, Interval],
    recorded: RecordedDay,
    said: dict[str, str],
    output: Output,
    *,
    is_same: bool,
) -> None:
    """The runs beside each other, the differences with their intervals, the venues."""
    rows = [row_of(name, found) for name, found in runs.items()]
    found = [
        {"of": name, **{key: _rounded(x) for key, x in interval._asdict().items()}}
        for name, interval in differences.items()
    ]
    if output is not Output.TEXT:
        whole = {
            "day": recorded.script.day,
            "set": said,
            "reproduces_byte_for_byte": is_same,
            "carried_orders_left_out": recorded.carried_orders,
            "runs": [{**row, "venues": venues_of(runs[row["run"]])} for row in rows],
            "differences": found,
        }
        render_one(whole, output)
        return
    render(from_dicts(rows), output, f"day {recorded.script.day}")
    render(from_dicts(found), output, "cost in bps, second run less first, 95 % interval")
    names = sorted({venue for run_ in runs.values() for venue in run_.venues})
    render(
        from_dicts(
            [
                {
                    "venue": venue,
                    **{name: each.venues.get(venue, (0, 0))[1] for name, each in runs.items()},
                }
                for venue in names
            ]
        ),
        output,
        "filled by venue",
    )
    typer.echo(
        "With nothing changed the day is reproduced byte for byte."
        if is_same
        else "The day was not simulated, or is not the log's only one: with nothing changed it is "
        "the fill model's day, and its error is stated above."
    )
    if recorded.carried_orders:
        typer.echo(f"{recorded.carried_orders} orders carried in from before are left out.")


def by_venue(runs: dict[str, Outcome]) -> list[dict[str, Any]]:
    """Filled quantity of each venue in each run."""
    venues = dict.fromkeys(name for found in runs.values() for name in sorted(found.venues))
    return [
        {"venue": venue}
        | {name: found.venues.get(venue, (0, 0))[1] for name, found in runs.items()}
        for venue in sorted(venues)
    ]


def row_of(name: str, found: Outcome) -> dict[str, Any]:
    return {
        "run": name,
        "orders": len(found.orders),
        "parents": found.parents,
        "children": found.children,
        "fills": found.fills,
        "crossed": found.crossed_qty,
        "done_pct": round(found.completion * 100, 2),
        "cost_bps": round(found.cost_bps, 3),
    }


def venues_of(found: Outcome) -> dict[str, dict[str, int]]:
    return {name: {"children": n, "filled_qty": qty} for name, (n, qty) in found.venues.items()}


def _rounded(value: float) -> float:
    return round(value, 3)
