"""`metaorder simulate` and `metaorder demo`: a recorded day through the whole engine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import orjson
import typer
from rich.console import Console
from rich.markup import escape

import projections as project
from engine.cli import refusals
from engine.cli.exits import Exit
from engine.cli.market import lines_of, warn
from engine.cli.options import ConfigOption, OutputOption, loaded
from engine.cli.refusals import Refused
from engine.cli.render import Output, errors, fetched, progress, render, render_one, say
from engine.cli.rules import rules_of
from engine.cli.topics import create_missing
from engine.cli.units import moment
from engine.config import Config
from engine.core.events import TOPIC_OF, Input
from engine.gateways.files import controls_file
from engine.gateways.orders import order_file
from engine.gateways.orders.rejected_lines import RejectedLines
from engine.log import open_log
from engine.log.port import EngineError, Log
from engine.simulation import example_limits
from engine.simulation.driver import Simulation
from engine.simulation.market import data as market_data
from engine.simulation.market.gaps import gaps
from engine.simulation.script import TimedInput, of_folders, require_one_day
from engine.simulation.venues.fill_model import FillModel
from engine.simulation.venues.queue import Queue

MARKER = "simulation.json"  # Marks a folder of a simulation, which may be overwritten.
LOG_FILE = "log.db"
PROJECTION_FILE = "projection.duckdb"
REJECTS_FILE = "orders.rejected.jsonl"
# No client waits for a simulated seal, so an open batch may grow; live it is sealed at once.
SIMULATED_SEAL_NS = 5_000_000_000
QueueOption = Annotated[
    Queue, typer.Option("--queue", help="Assumption about queues and hidden interest.")
]
ALL_COLUMNS = (  # As a person reads them; `tca --by child -o json` has every digit.
    "child_id, time, venue, order_type, side, quantity, price::decimal(18, 4) as price, "
    "benchmark_vwap::decimal(18, 4) as benchmark_vwap, round(performance_bps, 3) as "
    "performance_bps, round(cost_bps, 3) as cost_bps, performance_bps_1dp, "
    "notional::decimal(24, 2) as notional"
)
FEWER_COLUMNS = (  # They fit 80 columns.
    "child_id, side, quantity, price::decimal(18, 4) as price, "
    "benchmark_vwap::decimal(18, 4) as vwap, performance_bps_1dp as saved_bps"
)
CHILDREN_SHOWN = 3
WIDE_COLUMNS = 160  # Width that the table of all columns needs.
# Every share that was asked for, by what became of it; open is what the close left.
SHARES = (
    "select coalesce(sum(order_qty), 0)::bigint as ordered, "
    "coalesce(sum(crossed_qty), 0)::bigint as crossed, "
    "coalesce(sum(allocated_qty), 0)::bigint as allocated, "
    "coalesce(sum(withdrawn_qty), 0)::bigint as withdrawn, "
    "coalesce(sum(open_qty), 0)::bigint as open from blotter_orders"
)
CHILD_COST = "select sum(cost_bps * notional) / sum(notional) from tca_child"
REJECTS_SHOWN = 5


class Played(NamedTuple):
    """The result of a run."""

    figures: dict[str, Any]
    projection: Path
    markets: Sequence[market_data.FolderFacts]
    gaps: Sequence[str]  # What the market lacks.
    order_lines: int  # All lines of the order file, the unreadable ones too.
    refused: Sequence[Refused]  # Of each kind of input.


def simulate(
    *,
    market: Annotated[
        list[Path],
        typer.Option(
            help="Folder with quotes.csv.gz and trades.csv.gz; again for each instrument."
        ),
    ],
    orders: Annotated[Path, typer.Option(help="CSV or JSONL file of tickets.")],
    out: Annotated[Path, typer.Option(help="Folder for log, projection and rejects.")],
    seed: Annotated[int, typer.Option(help="Seed of all chance.")] = 7,
    controls: Annotated[
        Path | None,
        typer.Option(help="TOML of policy, limits and mandates; default the example's."),
    ] = None,
    log: Annotated[
        str | None, typer.Option("--log", metavar="URL", help="Default sqlite:OUT/log.db.")
    ] = None,
    queue: QueueOption = Queue.BASE,
    impact: Annotated[
        bool, typer.Option("--impact", help="Let our fills move the market (Almgren 2005).")
    ] = False,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run a recorded day with simulated venues, project it, and print its figures.

    The result names the assumptions about fills: no tape shows a queue, and no recorded market
    reacts to our orders unless --impact lets it.

    A run whose market, reference data or orders were mostly refused says why, and ends with 1.
    """
    settings = loaded(config, log_url=log or f"sqlite:{out / LOG_FILE}")
    played = play(settings, market, orders, out, seed, controls, FillModel(queue, impact))
    if output is Output.TEXT:
        show(played)
    else:
        render_one(played.figures, output)
    for sentence in refusals.sentences(played.refused):
        errors().print(escape(sentence), soft_wrap=True)
    if any(played.figures["invariants"].values()):
        raise typer.Exit(Exit.MISMATCH)
    if any(kind.is_most for kind in played.refused):
        raise typer.Exit(Exit.ERROR)


def demo(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out/demo"),
    market: Annotated[Path, typer.Option(help="Market data folder.")] = Path(
        "examples/us-equity-2018-01-02"
    ),
    orders: Annotated[Path, typer.Option(help="Order file.")] = Path("examples/orders-2500.csv"),
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show a real trading day pass through every stage: `simulate` with the example's day."""
    simulate(market=[market], orders=orders, out=out, seed=7, config=config, output=output)


def play(
    settings: Config,
    folders: Sequence[Path],
    orders: Path,
    out: Path,
    seed: int,
    controls: Path | None,
    fill_model: FillModel,
) -> Played:
    """Simulate and project. Raises EngineError."""
    markets = [market_data.load(folder) for folder in folders]
    require_one_day(markets)
    facts = [data.facts for data in markets]
    lacks = gaps_of(facts)
    warn(lacks)
    inputs, rejected = read_orders(orders, facts)
    desk = read_controls(controls, markets)
    prepare(out, settings.log_url)
    _keep_rejected(rejected, out)
    rules = rules_of(settings, open_batch_ns=SIMULATED_SEAL_NS, seal_every_ns=SIMULATED_SEAL_NS)
    rules = replace(rules, settings_text=fill_model.named_in(rules.settings_text))
    projection = out / PROJECTION_FILE
    with _opened(settings) as log:
        script = of_folders(markets, inputs, desk, seed)
        venues = fill_model.venues(seed)
        simulation = Simulation(log, rules, script, seed=seed, venues=venues)
        with progress("trading day", len(script)) as bar:
            chain = simulation.run(lambda done, total: bar.at(done, total, "inputs"))
        with progress("projecting") as bar:
            project.rebuild(
                log,
                projection,
                lambda now: bar.at(now.batches, now.batches_total, "batches"),
                log_url=settings.log_url,
            )
    with project.connect(projection) as connection:
        rows = connection.execute("select name, violations from invariants").fetchall()
        order_lines = len(inputs) + len(rejected)
        known = sum(TOPIC_OF.get(type(x.event)) == "reference" for x in script.before_open)
        refused = refusals.counted(facts, order_lines, rejected, known, connection)
    figures = {
        **simulation.summary(),
        "chain": chain.hex(),
        "fill_model": str(fill_model),
        "limits": f"of {controls or 'the example'}: {example_limits.told(desk)}",
        "invariants": dict(rows),
        "projection": str(projection),
        "log": settings.log_url,
        "market_gaps": lacks,
        "unreadable_market_rows": sum(len(x.bad_rows) for x in facts),
        "unreadable_order_lines": len(rejected),
        "refused_by_reason": refusals.by_reason(refused),
    }
    _report_unreadable(facts, rejected, out)
    return Played(figures, projection, facts, lacks, order_lines, tuple(refused.values()))


def gaps_of(facts: Sequence[market_data.FolderFacts]) -> list[str]:
    """The gaps of each folder, by its instrument if there are several."""
    if len(facts) == 1:
        return gaps(facts[0])
    return [f"{x.instrument.instrument_id}: {gap}" for x in facts for gap in gaps(x)]


def read_orders(
    path: Path, facts: Sequence[market_data.FolderFacts]
) -> tuple[list[TimedInput], list[order_file.Line]]:
    """The tickets of a file at their own times, and the lines that are no tickets of that day."""
    zones = " or ".join(sorted({x.instrument.time_zone for x in facts}))
    day = datetime.strptime(str(facts[0].day), "%Y%m%d").date()  # noqa: DTZ007  It has no zone.
    begins_ns, ends_ns = zip(*(x.instrument.day_ns(day) for x in facts), strict=True)
    first_ns, next_ns = min(begins_ns), max(ends_ns)
    inputs: list[TimedInput] = []
    rejected: list[order_file.Line] = []
    for line in order_file.read(path):
        ticket = line.ticket
        if ticket is None:
            rejected.append(line)
        elif ticket.ts is None:
            text = "ts: missing, expected when the request comes, as in 2018-01-02T15:00:00Z"
            rejected.append(line._replace(ticket=None, error=text))
        elif not first_ns <= ticket.ts < next_ns:
            text = (
                f"ts outside the day of the market: found {moment(ticket.ts)}, expected a time on "
                f"{day} in {zones}"
            )
            rejected.append(line._replace(ticket=None, error=text))
        else:
            inputs.append(TimedInput(ticket.ts, ticket.to_event(ticket.ts), ticket.source))
    return inputs, rejected


def read_controls(path: Path | None, markets: Sequence[market_data.MarketData]) -> list[Input]:
    """The controls of a file; without one those of the example, with limits for these markets."""
    example = Path(str(files("engine.simulation").joinpath("controls.toml")))
    tables = controls_file.read(path or example)
    open_ns = min(data.facts.open_ns for data in markets)
    controls: list[Input] = [table.to_event("desk", open_ns) for table in tables]
    return controls if path else [*example_limits.scaled(controls, markets)]


def prepare(out: Path, log_url: str) -> None:
    """Empty the folder of an earlier simulation. Raises EngineError for another log there."""
    log_file = out / LOG_FILE
    marker = orjson.dumps({"log": log_url}) + b"\n"
    if log_url == f"sqlite:{log_file}" and log_file.exists():
        if not (out / MARKER).exists() or (out / MARKER).read_bytes() != marker:
            raise EngineError(
                f"{log_file} was not written by a simulation and is not overwritten. "
                "Give another --out."
            )
        for suffix in ("", "-wal", "-shm"):
            Path(f"{log_file}{suffix}").unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_bytes(marker)


@contextmanager
def _opened(settings: Config) -> Iterator[Log]:
    """The log; of a Kafka log the topics are created first."""
    create_missing(settings)
    security = settings.security()
    with open_log(settings.log_url, partitions=settings.partitions, security=security) as log:
        yield log


def _keep_rejected(rejected: Iterable[order_file.Line], out: Path) -> None:
    """Write the lines that are no tickets; those of an earlier run go in any case."""
    with RejectedLines(out / REJECTS_FILE) as kept:
        for line in rejected:
            kept.add(line.number, line.error, line.text)


def _report_unreadable(
    facts: Sequence[market_data.FolderFacts], rejected: list[order_file.Line], out: Path
) -> None:
    """Report the rows and lines that were left out, and the file they are in."""
    console = errors()
    bad_rows = [bad for x in facts for bad in x.bad_rows]
    for bad in bad_rows[:REJECTS_SHOWN]:
        console.print(f"[yellow]left out:[/yellow] {escape(str(bad))}", soft_wrap=True)
    for line in rejected[:REJECTS_SHOWN]:
        console.print(f"[yellow]line {line.number}:[/yellow] {escape(line.error)}", soft_wrap=True)
    if rejected:
        rejects = out / REJECTS_FILE
        console.print(f"{len(rejected)} order lines could not be read; they are in {rejects}")
    if bad_rows:
        console.print(f"{len(bad_rows)} market rows could not be read")


def show(played: Played) -> None:
    """Limits, costs by child, then on one screen: what went in, what came out, how it went."""
    source, _, told = played.figures["limits"].partition(": ")
    typer.echo("\n    ".join([f"limits {source}", *told.split("; ")]))
    with project.connect(played.projection) as connection:
        columns = ALL_COLUMNS if Console().width >= WIDE_COLUMNS else FEWER_COLUMNS
        query = f"select {columns} from tca_child order by notional desc, child_id limit ?"  # noqa: S608  Our columns.
        largest = fetched(connection.execute(query, [CHILDREN_SHOWN]))
        shares = next(fetched(connection.execute(SHARES)).dicts())
        (cost_bps,) = connection.execute(CHILD_COST).fetchall()[0]
    render(largest, Output.TEXT, "the largest children, and what each saved; negative is a cost")
    for line in account(played, shares, cost_bps):
        say(line)


def account(played: Played, shares: Mapping[str, int], cost_bps: float | None) -> Iterator[str]:
    """The lines of the summary: a figure, what it counts, and what it says."""
    figures = played.figures
    rejected = figures["rejected"]
    yield "\nwhat went in"
    unreadable = f"{figures['unreadable_order_lines']} not readable"
    yield _figure(played.order_lines, "order lines", f"orders, amends and cancels; {unreadable}")
    rows = sum(market.quote_count + market.trade_count for market in played.markets)
    symbols = ", ".join(market.instrument.symbol for market in played.markets)
    yield _figure(rows, "market rows", f"{symbols} on {_dashed(played.markets[0].day)}")
    for gap in played.gaps:
        yield from lines_of(f"{'note':>12}  ", gap)
    yield "what came out"
    accepted = f"{figures['orders'] - rejected:,} accepted, {rejected:,} refused with a reason"
    yield _figure(figures["orders"], "small orders", accepted)
    yield _figure(figures["parents"], "parent orders", "small orders that trade together")
    yield _figure(figures["children"], "child orders", "sent to venues")
    yield _figure(figures["fills"], "fills", f"{figures['filled_qty']:,} shares")
    yield _figure(figures["events"], "events", f"in {figures['seals']:,} sealed batches")
    yield "what became of every share"
    yield _figure(shares["ordered"], "ordered", "by the accepted orders")
    yield _figure(shares["crossed"], "crossed inside", "between clients, without a venue")
    yield _figure(shares["allocated"], "allocated", "from venue fills")
    yield _figure(shares["withdrawn"], "withdrawn", "cancelled or expired")
    yield _figure(shares["open"], "open", "carried to the next day")
    yield from _verdict(figures, cost_bps)
    yield "ask it yourself"
    yield f'    metaorder sql --projection {played.projection} "from invariants"'
    yield f"    metaorder verify --log {figures['log']}"


def _verdict(figures: Mapping[str, Any], cost_bps: float | None) -> Iterator[str]:
    """Whether every rule holds on the log, and what trading cost."""
    violated = {name: count for name, count in figures["invariants"].items() if count}
    yield f"did it go well: {'NO' if violated else 'yes'}"
    yield _figure(
        sum(violated.values()), "violations", "of the rules that are counted over the log"
    )
    for name, count in violated.items():
        yield _figure(count, "VIOLATED", name)
    if cost_bps is not None:
        yield f"{cost_bps:>12.2f}  {'bps':<15} cost of the children against the market's VWAP"
    yield f"{'fills':>12}  {'simulated':<15} {figures['fill_model']}"
    yield f"{figures['chain'][:8]:>12}  {'chain':<15} the same on every run of this release"


def _figure(count: int, name: str, text: str) -> str:
    return f"{count:>12,}  {name:<15} {text}"


def _dashed(day: int) -> str:
    """20180102 as 2018-01-02."""
    return f"{day // 10_000}-{day // 100 % 100:02}-{day % 100:02}"
