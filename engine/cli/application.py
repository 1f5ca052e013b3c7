"""Wires the commands into one application, and turns errors into reasons and exit codes."""

import os
import sys
from collections.abc import Iterator, Sequence

import duckdb
import typer
from rich.markup import escape

from engine.cli import (
    archive,
    audit,
    blotter,
    controls,
    dlq,
    follower,
    gateway,
    log,
    notary,
    orders,
    projections,
    reference,
    simulate,
    sql,
    tca,
    topics,
    verify,
    whatif,
    worker,
)
from engine.cli.exits import EPILOG, Exit
from engine.cli.render import errors
from engine.log.port import EngineError, LogUnavailableError

app = typer.Typer(
    name="metaorder",
    help="An event-sourced smart execution engine: from small orders to fair allocations.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",  # A paragraph of help fills its lines at any width.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(simulate.demo)
app.command("simulate")(simulate.simulate)
app.command("worker")(worker.worker)
app.add_typer(orders.app, name="orders")
app.add_typer(controls.app, name="controls")
app.add_typer(reference.app, name="reference")
app.add_typer(dlq.app, name="dlq")
app.add_typer(gateway.app, name="gateway")
app.add_typer(topics.app, name="topics")
app.add_typer(projections.app, name="projections")
app.command("sql")(sql.sql)
app.command("blotter")(blotter.blotter)
app.command("audit")(audit.audit)
app.command("tca")(tca.tca)
app.command("verify")(verify.verify)
app.command("whatif")(whatif.whatif)
app.add_typer(notary.app, name="notary")
app.add_typer(follower.app, name="follower")
app.add_typer(archive.app, name="archive")
app.add_typer(log.app, name="log")


def execute(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. Reasons go to stderr, tracebacks nowhere."""
    try:
        app(list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.ERROR
    except KeyboardInterrupt:
        return _fail("interrupted", Exit.ERROR)
    except LogUnavailableError as error:
        return _fail(str(error), Exit.MISSING)
    except EngineError as error:
        return _fail(str(error), Exit.ERROR)
    except duckdb.Error as error:
        return _fail(f"query: {error}", Exit.ERROR)
    except BrokenPipeError:  # The reader of stdout, such as `head`, has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as error:
        return _fail(f"{error.filename or 'system'}: {error.strerror or error}", Exit.ERROR)
    return Exit.OK


def main() -> None:
    """The console script."""
    sys.exit(execute(sys.argv[1:]))


def command_names() -> frozenset[str]:
    """Every command as it is typed, such as `orders submit`."""
    return frozenset(_names(app, ""))


def _names(group: typer.Typer, prefix: str) -> Iterator[str]:
    for command in group.registered_commands:
        yield f"{prefix}{command.name or getattr(command.callback, '__name__', '')}"
    for sub in group.registered_groups:
        if sub.typer_instance is not None:
            yield from _names(sub.typer_instance, f"{prefix}{sub.name} ")


def _fail(text: str, code: Exit) -> int:
    errors().print(f"[red]error:[/red] {escape(text)}", soft_wrap=True)
    return code
