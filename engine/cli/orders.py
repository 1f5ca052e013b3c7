"""`metaorder orders`: submit, cancel, generate."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from engine.cli import ticket_options
from engine.cli.exits import Exit
from engine.cli.options import ConfigOption, LogOption, OutputOption, configured_log, loaded
from engine.cli.render import Output, errors, from_dicts, progress, render, render_one
from engine.cli.ticket_options import FLAGS
from engine.gateways.input_records import first_number
from engine.gateways.orders import order_file
from engine.gateways.orders.outcomes import Outcome, Outcomes
from engine.gateways.orders.tickets import Ticket, TicketError, parse
from engine.log.port import Log
from engine.simulation import order_generator
from engine.simulation.market import data

SHOWN_LINES = 20  # Rejected lines shown; the file holds all of them.

app = typer.Typer(help="Small orders: submit, cancel, generate.", no_args_is_help=True)

WaitOption = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="Follow `ingest` for the outcome."),
]


@app.command()
@ticket_options.with_order_flags
def submit(
    file: Annotated[
        Path | None, typer.Argument(help="CSV or JSONL file of tickets; or one by flags.")
    ] = None,
    *,
    log_url: LogOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    output: OutputOption = Output.TEXT,
    source: ticket_options.SourceOption = "cli",
    cl_ord_id: ticket_options.ClOrdIdOption = None,
    **flags: str | bool | None,
) -> None:
    """Submit the tickets of a file, or one order by flags.

    A line that cannot be read is named and kept in FILE.rejected.jsonl; exit code 1. With --wait,
    an order that the engine refuses makes exit code 4.
    """
    settings = loaded(config, log_url=log_url)
    if file is None:
        ticket = _flagged({**flags, "source": source, "cl_ord_id": cl_ord_id or _made_id("cli")})
        with configured_log(settings) as log:
            _send_one(log, ticket, wait, output)
        return
    if cl_ord_id or any(x not in (None, False) for x in flags.values()):
        raise typer.BadParameter("give a file or the flags of one order, not both")
    with configured_log(settings) as log:
        _send_file(log, file, wait, output)


@app.command()
def cancel(
    order: Annotated[str, typer.Argument(help="The source's id of the order (cl_ord_id).")],
    *,
    instrument: Annotated[str, typer.Option(help="Id of the order's instrument.")],
    source: ticket_options.SourceOption = "cli",
    cl_ord_id: ticket_options.ClOrdIdOption = None,
    log_url: LogOption = None,
    config: ConfigOption = None,
    wait: WaitOption = 0.0,
    output: OutputOption = Output.TEXT,
) -> None:
    """Ask to withdraw what is open of an order."""
    ticket = parse(
        {
            "action": "cancel",
            "source": source,
            "cl_ord_id": cl_ord_id or _made_id("cancel"),
            "orig_cl_ord_id": order,
            "instrument_id": instrument,
        }
    )
    with configured_log(loaded(config, log_url=log_url)) as log:
        _send_one(log, ticket, wait, output)


@app.command()
def generate(
    *,
    market: Annotated[Path, typer.Option(help="Market data folder the orders are for.")],
    count: Annotated[int, typer.Option(min=1, help="How many orders.")],
    out: Annotated[Path, typer.Option(help="CSV or JSONL file to write.")],
    seed: Annotated[int, typer.Option(help="Seed of their chance.")] = 7,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make an order file for a recorded day: several sources and clients, some of it bad.

    One order in fifty is wrong on purpose: the engine, or the reader of the file, must refuse it.
    """
    with progress(f"making {count:,} orders"):
        rows = order_generator.generate(data.load(market), count, seed)
        order_generator.write_rows(out, rows)
    made = {
        "file": str(out),
        "orders": count,
        "rows": len(rows),
        "bad_rows": order_generator.bad_count(count, seed),
        "seed": seed,
    }
    render_one(made, output)


def _flagged(given: dict[str, object]) -> Ticket:
    """The ticket of the flags. Raises TicketError, which names flags instead of fields."""
    try:
        return parse(given)
    except TicketError as error:
        parts = [part.partition(":") for part in str(error).split("; ")]
        renamed = [f"{FLAGS.get(field, field)}{colon}{words}" for field, colon, words in parts]
        raise TicketError("; ".join(renamed)) from None


def _made_id(kind: str) -> str:
    return f"{kind}-{time.time_ns() // 1_000}"


def _send_one(log: Log, ticket: Ticket, wait_s: float, output: Output) -> None:
    now_ns = time.time_ns()
    event = ticket.to_event(now_ns)
    record = order_file.order_record(event, first_number(now_ns), now_ns, log.partitions)
    outcomes = Outcomes(log, [event]) if wait_s else None
    log.append("orders", [record])
    if outcomes is None:
        sent = Outcome(ticket.source, ticket.cl_ord_id, "SENT", "", "")
        render_one(sent._asdict(), output)
        return
    with progress("waiting for the engine", 1):
        decided = outcomes.follow(wait_s)
    render_one(outcomes.of(event)._asdict(), output)
    _exit_for(decided, outcomes, wait_s)


def _send_file(log: Log, file: Path, wait_s: float, output: Output) -> None:
    with progress(f"reading {file.name}"):
        lines = list(order_file.read(file))
    tickets = [line.ticket.to_event(0) for line in lines if line.ticket]
    outcomes = Outcomes(log, tickets) if wait_s else None
    with progress(f"submitting {file.name}", len(lines)) as bar:
        done = order_file.submit(
            log, file, time.time_ns, lambda line: bar.at(line, len(lines), "lines")
        )
    decided = True
    if outcomes:
        with progress("waiting for the engine", len(tickets)) as bar:
            decided = outcomes.follow(wait_s, lambda n: bar.at(n, len(tickets), "decided"))
    refused = [x._asdict() for x in outcomes.refused()] if outcomes else []
    summary: dict[str, object] = {
        "submitted": done.appended,
        "rejected_lines": len(done.rejected),
        "rejects_file": str(done.rejects_file) if done.rejects_file else None,
        **(outcomes.counts() if outcomes else {}),
    }
    if outcomes and output is not Output.TEXT:
        summary["refused"] = refused
    render_one(summary, output)
    if refused and output is Output.TEXT:
        render(from_dicts(refused), output, "refused")
    if done.rejected:
        _show_rejected(file, done)
        raise typer.Exit(Exit.ERROR)
    if outcomes:
        _exit_for(decided, outcomes, wait_s)


def _show_rejected(file: Path, done: order_file.Submitted) -> None:
    console = errors()
    for line in done.rejected[:SHOWN_LINES]:
        console.print(escape(f"{file}, line {line.number}: {line.error}"), soft_wrap=True)
    rest = len(done.rejected) - SHOWN_LINES
    more = f" ({rest:,} more there)" if rest > 0 else ""
    console.print(
        escape(
            f"{len(done.rejected):,} lines were not sent; they are in {done.rejects_file}{more}"
        ),
        soft_wrap=True,
    )


def _exit_for(decided: bool, outcomes: Outcomes, wait_s: float) -> None:  # noqa: FBT001  An answer.
    if not decided:
        errors().print(
            f"{outcomes.undecided:,} undecided after {wait_s:g} s; the requests are in the log. "
            "Does a worker run on it?",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.ERROR)
    if outcomes.refused():
        raise typer.Exit(Exit.REFUSED)
