"""`metaorder controls`: apply a file, kill, resume."""

import time
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import (
    ByOption,
    ConfigOption,
    LogOption,
    OutputOption,
    loaded,
    opened,
    user,
)
from engine.cli.render import Output, render_one
from engine.core.events import ControlScope
from engine.gateways import controls_file
from engine.gateways.controls_file import ControlTable, Kill

app = typer.Typer(help="Kill switch, limits, mandates, policies, the day.", no_args_is_help=True)

ScopeOption = Annotated[ControlScope, typer.Option(case_sensitive=False, help="What it stops.")]
IdOption = Annotated[str, typer.Option("--id", help="Which client, instrument or venue.")]
TextOption = Annotated[str, typer.Option("--text", help="Why.")]
KILL_SCOPES = (
    ControlScope.FIRM,
    ControlScope.CLIENT,
    ControlScope.INSTRUMENT,
    ControlScope.VENUE,
)


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="TOML file; its tables become controls.")],
    *,
    log: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write the controls of a file to the log, all or none of them."""
    _append(controls_file.read(file), log, config, by, output)


@app.command()
def kill(
    *,
    scope: ScopeOption = ControlScope.FIRM,
    scope_id: IdOption = "",
    text: TextOption = "",
    log: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Engage the kill switch: nothing more goes out in this scope."""
    _append([_kill(scope, scope_id, text, engaged=True)], log, config, by, output)


@app.command()
def resume(
    *,
    scope: ScopeOption = ControlScope.FIRM,
    scope_id: IdOption = "",
    text: TextOption = "",
    log: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Release the kill switch of this scope."""
    _append([_kill(scope, scope_id, text, engaged=False)], log, config, by, output)


def _kill(scope: ControlScope, scope_id: str, text: str, *, engaged: bool) -> Kill:
    if scope not in KILL_SCOPES:
        raise typer.BadParameter(f"expected one of {', '.join(KILL_SCOPES)}", param_hint="--scope")
    if (scope is ControlScope.FIRM) == bool(scope_id):
        raise typer.BadParameter(
            f"{scope} needs {'no' if scope_id else 'an'} id", param_hint="--id"
        )
    return Kill(scope=scope, scope_id=scope_id, engaged=engaged, text=text)


def _append(
    tables: list[ControlTable],
    log_url: str | None,
    config: Path | None,
    by: str | None,
    output: Output,
) -> None:
    records = controls_file.records(tables, set_by=user(by), set_ns=time.time_ns())
    with opened(loaded(config, log_url=log_url)) as log:
        log.append("controls", records)
    render_one({"written": len(records), "topic": "controls"}, output)
