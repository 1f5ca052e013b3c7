"""Wires the commands into one application, and turns errors into reasons and exit codes.

A command's module is imported when the command runs. The import of all modules, with the databases
and formats that they need, takes longer than most commands run, and delays the restart of a worker
that was killed.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

import typer
from rich.markup import escape

from engine.cli import lines
from engine.cli.exits import EPILOG, Exit
from engine.cli.render import errors
from engine.log.port import EngineError, LogUnavailableError

OWNER_ALONE = 0o077  # Mask of the permissions that a new file does not get.
# Each command and its module, in the order of the help. A module of several commands has an
# `app`, one of a single command a function of its name.
MODULES: Mapping[str, str] = {
    "demo": "simulate",
    "simulate": "simulate",
    **{
        name: name
        for name in (
            *("worker", "orders", "controls", "parents", "reference", "dlq", "gateway", "topics"),
            *("projections", "sql", "blotter", "breaks", "audit", "tca", "verify", "whatif"),
            "experiment",
            *("notary", "follower", "allotter", "calendar", "archive", "log", "market", "status"),
            "keys",
            "venues",
        )
    },
}


def application(names: Sequence[str] = tuple(MODULES)) -> typer.Typer:
    """The application with these commands."""
    app = typer.Typer(
        name="metaorder",
        help="An event-sourced smart execution engine: from small orders to fair allocations.",
        epilog=EPILOG,
        no_args_is_help=True,
        rich_markup_mode="markdown",  # A paragraph of help fills its lines at any width.
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def commands() -> None:
        """Without a callback a single command would lose its name."""

    for name in names:
        module = import_module(f"engine.cli.{MODULES[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def execute(arguments: Sequence[str]) -> int:
    """Run one command line. Returns its exit code; reasons go to stderr, tracebacks nowhere."""
    asked = [name for name in arguments[:1] if name in MODULES]
    try:
        application(asked or tuple(MODULES))(list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.ERROR
    except KeyboardInterrupt:
        return _fail("interrupted", Exit.ERROR)
    except LogUnavailableError as error:
        return _fail(str(error), Exit.MISSING)
    except EngineError as error:
        return _fail(str(error), Exit.ERROR)
    except BrokenPipeError:  # The reader of stdout, such as `head`, has enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as error:
        return _fail(f"{error.filename or 'system'}: {error.strerror or error}", Exit.ERROR)
    except Exception as error:
        if not is_of_query(error):
            raise
        return _fail(f"query: {error}", Exit.ERROR)
    return Exit.OK


def is_of_query(error: Exception) -> bool:
    """Whether DuckDB raised it; without an import of DuckDB there was no query."""
    duckdb = sys.modules.get("duckdb")
    return duckdb is not None and isinstance(error, duckdb.Error)


def main() -> None:
    """The console script. What it writes holds the flow of clients, so its owner alone reads it.

    Where a folder has default access control lists, those count instead of this mask.
    """
    os.umask(os.umask(OWNER_ALONE) | OWNER_ALONE)
    lines.to_stderr("WARNING")  # A process that goes on has a level of its own, `log_level`.
    sys.exit(execute(sys.argv[1:]))


def command_names() -> frozenset[str]:
    """Every command as it is typed, such as `orders submit`."""
    return frozenset(_names(application(), ""))


def _names(group: typer.Typer, prefix: str) -> Iterator[str]:
    for command in group.registered_commands:
        yield f"{prefix}{command.name or getattr(command.callback, '__name__', '')}"
    for sub in group.registered_groups:
        if sub.typer_instance is not None:
            yield from _names(sub.typer_instance, f"{prefix}{sub.name} ")


def _fail(text: str, code: Exit) -> int:
    errors().print(f"[red]error:[/red] {escape(text)}", soft_wrap=True)
    return code
