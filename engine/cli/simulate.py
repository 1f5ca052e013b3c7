"""`metaorder simulate` and `metaorder demo`: a recorded day through the whole engine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import orjson
import typer
from rich.console import Console
from rich.markup import escape

import projections as project
from engine.cli.exits import Exit
from engine.cli.options import ConfigOption, OutputOption, loaded
from engine.cli.render import Output, errors, fetched, progress, render, render_one
from engine.cli.rules import rules_of
from engine.config import Config
from engine.core.events import Input
from engine.gateways.files import controls_file
from engine.gateways.orders import order_file
from engine.log import open_log
from engine.log.port import EngineError, Log
from engine.simulation.driver import Simulation
from engine.simulation.market import data as market_data
from engine.simulation.script import TimedInput, of_folder

MARKER = "simulation.json"  # Marks a folder of a simulation, which may be overwritten.
LOG_FILE = "log.db"
PROJECTION_FILE = "projection.duckdb"
# No client waits for a simulated seal, so an open batch may grow; live it is sealed at once.
SIMULATED_SEAL_NS = 5_000_000_000
CHILD_COLUMNS = (  # As a person reads them; `tca --by child -o json` has every digit.
    "child_id, time, venue, order_type, side, quantity, price::decimal(18, 4) as price, "
    "benchmark_vwap::decimal(18, 4) as benchmark_vwap, round(performance_bps, 3) as "
    "performance_bps, round(cost_bps, 3) as cost_bps, performance_bps_1dp, "
    "notional::decimal(24, 2) as notional"
)
CHILDREN_SHOWN = 20
NARROW_CHILDREN_SHOWN = 3  # Where a row is a block of lines.
WIDE_COLUMNS = 160  # Width that the table of children needs.
FIRST_QUERY = (
    "select venue, count(*) as children, sum(quantity) as shares, "
    "round(avg(cost_bps), 2) as cost_bps from tca_child group by venue order by shares desc"
)
REJECTS_SHOWN = 5


class Played(NamedTuple):
    """The result of a run."""

    figures: dict[str, Any]
    projection: Path


def simulate(
    *,
    market: Annotated[Path, typer.Option(help="Folder with quotes.csv.gz and trades.csv.gz.")],
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
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run a recorded day with simulated venues, project it, and print its figures."""
    settings = loaded(config, log_url=log or f"sqlite:{out / LOG_FILE}")
    played = play(settings, market, orders, out, seed, controls)
    if output is Output.TEXT:
        show(played)
    else:
        render_one(played.figures, output)
    if any(played.figures["invariants"].values()):
        raise typer.Exit(Exit.MISMATCH)


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
    simulate(market=market, orders=orders, out=out, seed=7, config=config, output=output)


def play(
    settings: Config, market: Path, orders: Path, out: Path, seed: int, controls: Path | None
) -> Played:
    """Simulate and project. Raises EngineError."""
    data = market_data.load(market)
    inputs, rejected = read_orders(orders)
    desk = read_controls(controls, data.facts.open_ns)
    _prepare(out, settings.log_url)
    rules = rules_of(settings, open_batch_ns=SIMULATED_SEAL_NS, seal_every_ns=SIMULATED_SEAL_NS)
    projection = out / PROJECTION_FILE
    with _opened(settings) as log:
        script = of_folder(data, inputs, desk, seed)
        simulation = Simulation(log, rules, script, seed=seed)
        with progress("trading day", len(data) + len(inputs)) as bar:
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
    figures = {
        **simulation.summary(),
        "chain": chain.hex(),
        "invariants": dict(rows),
        "projection": str(projection),
        "log": settings.log_url,
        "unreadable_market_rows": len(data.facts.bad_rows),
        "unreadable_order_lines": len(rejected),
    }
    _report_unreadable(data, rejected, out)
    return Played(figures, projection)


def read_orders(path: Path) -> tuple[list[TimedInput], list[order_file.Line]]:
    """The tickets of a file at their own times, and the lines that are no tickets."""
    inputs: list[TimedInput] = []
    rejected: list[order_file.Line] = []
    for line in order_file.read(path):
        ticket = line.ticket
        if ticket is None:
            rejected.append(line)
        elif ticket.ts is None:
            text = "ts: missing, expected when the request comes, as in 2018-01-02T15:00:00Z"
            rejected.append(line._replace(ticket=None, error=text))
        else:
            inputs.append(TimedInput(ticket.ts, ticket.to_event(ticket.ts), ticket.source))
    return inputs, rejected


def read_controls(path: Path | None, set_ns: int) -> list[Input]:
    """The controls of a file; without one those of the example."""
    if path is None:
        path = Path(str(files("engine.simulation").joinpath("controls.toml")))
    return [table.to_event("desk", set_ns) for table in controls_file.read(path)]


def _prepare(out: Path, log_url: str) -> None:
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
    kind, _, address = settings.log_url.partition(":")
    if kind == "kafka":
        from engine.log.kafka import topics  # noqa: PLC0415  SQLite needs no librdkafka.

        bootstrap, _, prefix = address.partition("/")
        topics.create(bootstrap, prefix, settings.partitions, settings.replication)
    with open_log(settings.log_url, partitions=settings.partitions) as log:
        yield log


def _report_unreadable(
    data: market_data.MarketData, rejected: list[order_file.Line], out: Path
) -> None:
    """Report the rows and lines that were left out, and the file they are in."""
    console = errors()
    for bad in data.facts.bad_rows[:REJECTS_SHOWN]:
        console.print(f"[yellow]left out:[/yellow] {escape(str(bad))}", soft_wrap=True)
    for line in rejected[:REJECTS_SHOWN]:
        console.print(f"[yellow]line {line.number}:[/yellow] {escape(line.error)}", soft_wrap=True)
    if rejected:
        rejects = out / "orders.rejected.jsonl"
        with rejects.open("wb") as file:
            for line in rejected:
                entry = {"line": line.number, "error": line.error, "text": line.text}
                file.write(orjson.dumps(entry) + b"\n")
        console.print(f"{len(rejected)} order lines could not be read; they are in {rejects}")
    if data.facts.bad_rows:
        console.print(f"{len(data.facts.bad_rows)} market rows could not be read")


def show(played: Played) -> None:
    """The figures of the run, the costs by child, and a query to paste."""
    figures: Mapping[str, Any] = played.figures
    violated = {name: count for name, count in figures["invariants"].items() if count}
    shown = {
        "small orders": figures["orders"],
        "refused": figures["rejected"],
        "parents": figures["parents"],
        "crossed inside": figures["crossed_qty"],
        "children": figures["children"],
        "fills": figures["fills"],
        "filled": figures["filled_qty"],
        "allocated": figures["allocated_qty"],
        "events": figures["events"],
        "sealed batches": figures["seals"],
        "invariants": f"{len(figures['invariants'])} rules, "
        + (f"VIOLATED: {violated}" if violated else "0 violations"),
        "chain": figures["chain"],
        "log": figures["log"],
        "projection": figures["projection"],
    }
    render_one(shown, Output.TEXT, "from small orders to allocations")
    with project.connect(played.projection) as connection:
        query = f"select {CHILD_COLUMNS} from tca_child order by notional desc limit ?"  # noqa: S608  Our columns.
        is_wide = Console().width >= WIDE_COLUMNS
        shown_count = CHILDREN_SHOWN if is_wide else NARROW_CHILDREN_SHOWN
        found = fetched(connection.execute(query, [shown_count]))
        render(found, Output.TEXT, f"costs by child, the {shown_count} largest")
        if not is_wide:
            typer.echo(f"(a terminal of {WIDE_COLUMNS} columns shows {CHILDREN_SHOWN} as a table)")
    typer.echo("\nAsk it yourself:\n")
    typer.echo(f'    metaorder sql --projection {played.projection} "{FIRST_QUERY}"')
