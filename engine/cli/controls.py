"""`metaorder controls`: apply a file, kill, resume."""

import time
from enum import StrEnum
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
from engine.cli.render import Output, render_one
from engine.core.events import ControlScope
from engine.gateways.files import controls_file
from engine.gateways.files.controls_file import ControlTable, Kill

app = typer.Typer(help="Kill switch, limits, mandates, policies, the day.", no_args_is_help=True)


class KillScope(StrEnum):
    """Scope of a kill switch."""

    FIRM = "firm"
    CLIENT = "client"
    INSTRUMENT = "instrument"
    VENUE = "venue"


ScopeOption = Annotated[
    KillScope,
    typer.Option(case_sensitive=False, metavar="SCOPE", help="firm, client, instrument or venue."),
]
IdOption = Annotated[str, typer.Option("--id", help="Id of the client, instrument or venue.")]
TextOption = Annotated[str, typer.Option("--text", help="Reason, in words.")]


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="TOML file; its tables become controls.")],
    *,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write the controls of a file to the log, all or none of them."""
    _append(controls_file.read(file), log_url, config, by, output)


@app.command()
def kill(
    *,
    scope: ScopeOption = KillScope.FIRM,
    scope_id: IdOption = "",
    text: TextOption = "",
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Engage the kill switch: nothing more goes out in this scope."""
    _append([_kill(scope, scope_id, text, engaged=True)], log_url, config, by, output)


@app.command()
def resume(
    *,
    scope: ScopeOption = KillScope.FIRM,
    scope_id: IdOption = "",
    text: TextOption = "",
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Release the kill switch of this scope."""
    _append([_kill(scope, scope_id, text, engaged=False)], log_url, config, by, output)


def _kill(scope: KillScope, scope_id: str, text: str, *, engaged: bool) -> Kill:
    if scope is KillScope.FIRM and scope_id:
        raise typer.BadParameter(
            f"found {scope_id!r}, but the firm has none; leave it out, or give a --scope",
            param_hint="--id",
        )
    if scope is not KillScope.FIRM and not scope_id:
        raise typer.BadParameter(f"missing; say which {scope.value}", param_hint="--id")
    return Kill(scope=ControlScope(scope.name), scope_id=scope_id, engaged=engaged, text=text)


def _append(
    tables: list[ControlTable],
    log_url: str | None,
    config: Path | None,
    by: str | None,
    output: Output,
) -> None:
    records = controls_file.records(tables, set_by=user(by), set_ns=time.time_ns())
    with configured_log(loaded(config, log_url=log_url)) as log:
        log.append("controls", records)
    render_one({"written": len(records), "topic": "controls"}, output)
