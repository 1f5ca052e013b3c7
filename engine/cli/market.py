"""`metaorder market`: import the files of a vendor as a market folder, and say what one lacks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import Annotated, Any

import typer
from rich.markup import escape

from engine.cli import market_options as options
from engine.cli.options import OutputOption
from engine.cli.render import Output, errors, progress, render_dicts, render_one, say
from engine.gateways.imports.folder import INSTRUMENT_FILE, toml
from engine.gateways.imports.formats import FORMATS
from engine.gateways.imports.made_quotes import made
from engine.gateways.imports.port import Account, BadFieldError, ImportFailedError, Request
from engine.gateways.imports.run import Task, run
from engine.gateways.imports.values import Units
from engine.simulation.market import data as market_data
from engine.simulation.market.gaps import gaps
from engine.simulation.market.instrument import Instrument, InstrumentError, read_instrument

SAID_MAX = 20  # Bad rows that are shown one by one.

app = typer.Typer(help="Market folders: import, check.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Market folders: import the files of vendors, and check what a folder lacks."""


@app.command(name="import")
def import_files(
    format_name: options.FormatArgument,
    files: options.FilesArgument,
    *,
    out: options.OutOption,
    symbol: options.SymbolOption,
    day: options.DayOption = None,
    schema: options.SchemaOption = "",
    venue: options.VenueOption = "",
    conditions: options.ConditionsOption = "",
    quote_size_unit: options.SizeUnitOption = "",
    quotes_from: options.QuotesFromOption = "",
    increment: options.IncrementOption = "",
    half_spread: options.HalfSpreadOption = "",
    made_size: options.MadeSizeOption = 1_000,
    currency: options.CurrencyOption = "",
    tick: options.TickOption = "",
    lot: options.LotOption = None,
    adv_qty: options.AdvOption = None,
    time_zone: options.ZoneOption = "",
    open_at: options.OpenOption = "",
    close_at: options.CloseOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Read a vendor's files into a market folder that `simulate` takes.

    Every line is accounted for: quotes, prints, and what was left out, by its reason.
    """
    chosen = FORMATS.get(format_name)
    if chosen is None:
        raise ImportFailedError(f"FORMAT is {format_name!r}, expected one of {', '.join(FORMATS)}")
    request = Request(
        symbol=symbol, day=day.date() if day else None, zone=time_zone, venue=venue, schema=schema,
        conditions=conditions, quote_size_unit=quote_size_unit, quotes_from=quotes_from,
        increment=increment,
    )  # fmt: skip
    wish = made(half_spread, made_size) if half_spread else None
    said = {
        "currency": currency, "tick": _tick(tick, increment), "lot_qty": lot or "",
        "adv_qty": adv_qty or "", "open": open_at, "close": close_at, "time_zone": time_zone,
    }  # fmt: skip
    given = {name: value for name, value in said.items() if value}
    refuse_wrong_fields(given)
    task = Task(chosen, files, out, request, given, Instrument().time_zone, wish)
    with progress("importing") as bar:
        account = run(task, refuse_wrong_fields, lambda done: bar.at(done, unit="rows"))
    _report(account, chosen.cannot_know, out, output)


@app.command()
def formats(*, output: OutputOption = Output.TEXT) -> None:
    """Describe the formats that can be imported, and what each cannot know."""
    found = [
        {"format": x.name, "reads": x.reads, "cannot_know": x.cannot_know} for x in FORMATS.values()
    ]
    render_dicts(found, output)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder with quotes, trades or both.")],
    *,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read a folder as `simulate` does, and say what it holds and what it lacks."""
    facts = market_data.load(folder).facts
    found: dict[str, Any] = {
        "instrument": facts.instrument.instrument_id,
        "day": facts.day,
        "quotes": facts.quote_count,
        "prints": facts.trade_count,
        "prints_that_count": facts.eligible_count,
        "in_session": facts.session_quote_count + facts.session_trade_count,
        "venues": " ".join(facts.venues),
        "unreadable_rows": len(facts.bad_rows),
    }
    if output is not Output.TEXT:
        found["gaps"] = gaps(facts)
    render_one(found, output)
    warn(gaps(facts) if output is Output.TEXT else [])


def warn(sentences: Sequence[str]) -> None:
    """Print warnings to stderr, one a line."""
    console = errors()
    for sentence in sentences:
        console.print(f"[yellow]note:[/yellow] {escape(sentence)}", soft_wrap=True)


def refuse_wrong_fields(fields: Mapping[str, str | int]) -> None:
    """Read the fields as the loader will. Raises ImportFailedError."""
    with TemporaryDirectory() as folder:
        (Path(folder) / INSTRUMENT_FILE).write_text(toml(fields), encoding="utf-8")
        try:
            read_instrument(Path(folder))
        except InstrumentError as error:
            raise ImportFailedError(str(error).replace(f"{folder}/", "")) from None


def _tick(tick: str, increment: str) -> str:
    """The tick of one increment. Raises ImportFailedError."""
    try:
        return Units(increment).px("--tick", tick) if tick else ""
    except BadFieldError as error:
        raise ImportFailedError(f"--tick is {tick!r}, expected {error.expected}") from None


def _report(account: Account, cannot_know: str, out: Path, output: Output) -> None:
    figures: dict[str, Any] = {
        "folder": str(out),
        "lines": account.line_count,
        "quotes": account.quote_count,
        "prints": account.print_count,
        "left_out": dict(account.left_out.most_common()),
        "notes": list(account.notes),
        "cannot_know": cannot_know,
    }
    for bad in account.bad_rows[:SAID_MAX]:
        errors().print(f"[yellow]left out:[/yellow] {escape(bad)}", soft_wrap=True)
    if output is Output.TEXT:
        for line in _lines(account, cannot_know, out):
            say(line)
    else:
        render_one(figures, output)


def _lines(account: Account, cannot_know: str, out: Path) -> Iterator[str]:
    """The fate of every line, in 80 columns."""
    yield f"{account.line_count:>12,}  lines read"
    yield f"{account.quote_count:>12,}  quotes"
    yield f"{account.print_count:>12,}  prints"
    for reason, count in account.left_out.most_common():
        yield from lines_of(f"{count:>12,}  left out: ", reason)
    for note in account.notes:
        yield from lines_of(f"{'note':>12}  ", note)
    yield from lines_of(f"{'note':>12}  ", f"it cannot know {cannot_know}")
    yield f"folder: {out}"
    yield f"    metaorder market check {out}"


def lines_of(head: str, text: str) -> Iterator[str]:
    """A sentence after its head, in 80 columns."""
    yield from fill(head + text, width=80, subsequent_indent=" " * 14).splitlines()
