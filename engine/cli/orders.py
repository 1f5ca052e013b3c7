"""`metaorder orders`: submit, cancel, generate."""

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from engine.cli import ticket_options
from engine.cli.exits import Exit
from engine.cli.options import ConfigOption, LogOption, OutputOption, configured_log, loaded
from engine.cli.render import Output, errors, from_dicts, progress, render, render_one
from engine.cli.sentences import rows_told, told
from engine.cli.ticket_options import FLAGS
from engine.gateways.input_records import first_number
from engine.gateways.orders import order_file
from engine.gateways.orders.outcomes import UNDECIDED, Outcome, Outcomes
from engine.gateways.orders.tickets import Ticket, TicketError, TicketEvent, parse
from engine.log.port import Log
from engine.simulation import order_generator, order_rows, program_rows
from engine.simulation.market import data
from engine.simulation.order_mistakes import bad_count
from engine.simulation.script import require_one_day

SHOWN_LINES = 20  # Lines of refusals shown.
WAITED_FOR_MAX = 20_000  # Requests of a file that wait for their answers at a time.

app = typer.Typer(help="Small orders: submit, cancel, generate.", no_args_is_help=True)


class Mix(StrEnum):
    """The kinds of orders that a generated day consists of."""

    PROGRAMS = "programs"
    SINGLES = "singles"


WaitOption = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="Follow `ingest` for the outcome."),
]


@app.command()
@ticket_options.with_order_flags
def submit(
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV or JSONL file of tickets, - for stdin; or one by flags."),
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
    market: Annotated[
        list[Path],
        typer.Option(help="Market data folder the orders are for; again for each instrument."),
    ],
    count: Annotated[int, typer.Option(min=1, help="How many orders.")],
    out: Annotated[Path, typer.Option(help="CSV or JSONL file to write.")],
    seed: Annotated[int, typer.Option(help="Seed of their chance.")] = 7,
    mix: Annotated[
        Mix, typer.Option(help="Programs as firms send them, or orders that share little.")
    ] = Mix.PROGRAMS,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make an order file for a recorded day: programs and single orders, some of it bad.

    One order in fifty is wrong on purpose: the engine, or the reader of the file, must refuse it.
    docs/order-generator.md has the parameters of the programs and their sources.
    """
    if mix is Mix.SINGLES and len(market) > 1:
        raise typer.BadParameter("singles are of one folder; give --market once, or --mix programs")
    with progress(f"making {count:,} orders"):
        markets = [data.load(folder) for folder in market]
        require_one_day(markets)
        if mix is Mix.PROGRAMS:
            rows = program_rows.generate(markets, count, seed)
        else:
            rows = order_generator.generate(markets[0], count, seed)
        order_rows.write_rows(out, rows)
    made = {
        "file": str(out),
        "orders": count,
        "rows": len(rows),
        "bad_rows": bad_count(count, seed),
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
    outcomes = Outcomes(log, [event.instrument_id]) if wait_s else None
    if outcomes:
        outcomes.expect([event])
    log.append("orders", [record])
    sent = Outcome(ticket.source, ticket.cl_ord_id, "SENT", "", "")
    if outcomes is None:
        render_one(sent._asdict(), output)
        return
    with progress("waiting for the engine", 1):
        outcomes.follow(wait_s)
    answer = outcomes.last or sent._replace(status=UNDECIDED)
    render_one(answer._replace(reason=told(answer.reason, output))._asdict(), output)
    _exit_for(outcomes, wait_s)


def _send_file(log: Log, file: Path, wait_s: float, output: Output) -> None:
    outcomes = Outcomes(log) if wait_s else None

    def before(requests: Sequence[TicketEvent]) -> None:
        """The answers to earlier requests, so that few are waited for at a time."""
        if outcomes:
            outcomes.expect(requests)
            outcomes.follow(wait_s, most=WAITED_FOR_MAX)

    with progress(f"submitting {file.name}") as bar:
        done = order_file.submit(
            log, file, time.time_ns, lambda line: bar.at(line, None, "lines"), before
        )
    if outcomes:
        with progress("waiting for the engine", done.appended) as bar:
            outcomes.follow(wait_s, lambda n: bar.at(n, done.appended, "decided"))
    _show_sent(done, outcomes, output)
    if done.rejected_count:
        _show_rejected(file, done)
    if outcomes is None and done.appended:
        errors().print(
            f"{done.appended:,} requests are in the log and not yet answered: none is accepted or "
            "refused so far. Add --wait SECONDS, or ask `metaorder blotter orders`.",
            soft_wrap=True,
        )
    if done.rejected_count:
        raise typer.Exit(Exit.ERROR)
    if outcomes:
        _exit_for(outcomes, wait_s)


def _show_sent(done: order_file.Submitted, outcomes: Outcomes | None, output: Output) -> None:
    summary: dict[str, object] = {
        "submitted": done.appended,
        "unanswered": outcomes.undecided if outcomes else done.appended,
        "rejected_lines": done.rejected_count,
        "rejects_file": str(done.rejects_file) if done.rejects_file else None,
        **(outcomes.counts() if outcomes else {}),
    }
    refused = [] if outcomes is None else [x._asdict() for x in outcomes.refused()]
    if outcomes and output is not Output.TEXT:
        summary |= {"refused": refused, "refused_by_reason": outcomes.reasons()}
    if done.reasons and output is not Output.TEXT:
        summary["rejected_by_reason"] = dict(done.reasons.most_common())
    render_one(summary, output)
    if outcomes and refused and output is Output.TEXT:
        count = outcomes.refused_count
        title = "refused" if count <= SHOWN_LINES else f"refused: {SHOWN_LINES} of {count:,}"
        render(rows_told(from_dicts(refused[:SHOWN_LINES]), output), output, title)
        if count > 1:
            _show_reasons(outcomes.reasons())


def _show_rejected(file: Path, done: order_file.Submitted) -> None:
    console = errors()
    for line in done.rejected:
        console.print(escape(f"{file}, line {line.number}: {line.error}"), soft_wrap=True)
    rest = done.rejected_count - len(done.rejected)
    more = f" ({rest:,} more there)" if rest > 0 else ""
    console.print(
        escape(
            f"{done.rejected_count:,} lines were not sent; they are in {done.rejects_file}{more}"
        ),
        soft_wrap=True,
    )
    if rest > 0:
        _show_reasons(dict(done.reasons.most_common()))


def _show_reasons(reasons: Mapping[str, int]) -> None:
    for reason, count in list(reasons.items())[:SHOWN_LINES]:
        errors().print(escape(f"{count:>12,}  {reason}"), soft_wrap=True)


def _exit_for(outcomes: Outcomes, wait_s: float) -> None:
    if outcomes.undecided:
        errors().print(
            f"{outcomes.undecided:,} undecided after {wait_s:g} s; the requests are in the log. "
            "Does a worker run on it?",
            soft_wrap=True,
        )
        raise typer.Exit(Exit.ERROR)
    if outcomes.refused_count:
        raise typer.Exit(Exit.REFUSED)
