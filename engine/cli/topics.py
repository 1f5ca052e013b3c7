"""`metaorder topics`: create and check the topics of a Kafka log."""

from typing import Annotated

import typer
from rich.markup import escape

from engine.cli.exits import Exit
from engine.cli.options import ConfigOption, LogOption, OutputOption, loaded
from engine.cli.render import Output, errors, render_one
from engine.config import Config
from engine.log import KAFKA_URL
from engine.log.port import EngineError

app = typer.Typer(help="The topics of a Kafka log.", no_args_is_help=True)

ReplicationOption = Annotated[
    int | None, typer.Option(min=1, help="Copies of each partition; 3 in production.")
]
PartitionsOption = Annotated[int | None, typer.Option(min=1, help="Number of shards.")]
AclOption = Annotated[bool, typer.Option("--acl", help="Also the access lists of the roles.")]
PrincipalsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--principal",
        metavar="ROLE=NAME",
        help="A principal of a role, as worker=User:w1; may be repeated.",
    ),
]


@app.command()
def create(
    *,
    log_url: LogOption = None,
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    acl: AclOption = False,
    principal: PrincipalsOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Create the missing topics; existing ones are not changed.

    With --acl the missing entries of the access lists are written too. None is taken away: `check`
    names what no role says. Both need the cluster's administrator.
    """
    from engine.log.kafka import access  # noqa: PLC0415  SQLite needs no librdkafka.

    if principal and not acl:
        raise typer.BadParameter("is for the access lists: say --acl too", param_hint="--principal")
    settings = loaded(config, log_url=log_url, partitions=partitions, replication=replication)
    bootstrap, prefix = _kafka(settings)
    principals = _principals(settings, principal)
    if acl:
        access.entries(prefix, settings.partitions, principals)  # Refused before anything is made.
    result = {
        "created": len(_created(settings)),
        "prefix": prefix,
        "partitions": settings.partitions,
    }
    if acl:
        result["acl_entries_written"] = access.write(
            bootstrap, prefix, settings.partitions, principals, settings.security()
        )
    render_one(result, output)


@app.command()
def check(
    *,
    log_url: LogOption = None,
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    acl: AclOption = False,
    principal: PrincipalsOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List everything that is wrong with the topics; exit code 1 if anything is.

    With --acl, or where the configuration names principals, also every difference between the
    access lists and the roles.
    """
    from engine.log.kafka import access  # noqa: PLC0415  SQLite needs no librdkafka.

    settings = loaded(config, log_url=log_url, partitions=partitions, replication=replication)
    bootstrap, prefix = _kafka(settings)
    problems = _problems(settings)
    principals = _principals(settings, principal)
    if acl or principals:
        problems += access.check(
            bootstrap, prefix, settings.partitions, principals, settings.security()
        )
    render_one({"problems": problems, "prefix": prefix}, output)
    for problem in problems:
        errors().print(escape(problem), soft_wrap=True)
    if problems:
        raise typer.Exit(Exit.ERROR)


def create_missing(settings: Config) -> None:
    """Create the missing topics of a Kafka log; an embedded log creates its own tables."""
    if not settings.log_url.startswith("kafka:"):
        return
    _created(settings)


def require_fit(settings: Config) -> None:
    """Raise EngineError with everything that is wrong with the topics of a Kafka log."""
    bootstrap, prefix = _kafka(settings)
    problems = _problems(settings)
    if problems:
        raise EngineError(
            f"the topics of {prefix} at {bootstrap} do not have the settings that the engine "
            f"needs, so no worker was started: {' '.join(problems)} Run `metaorder topics check`."
        )


def _created(settings: Config) -> list[str]:
    from engine.log.kafka import topics as kafka_topics  # noqa: PLC0415  As above.

    bootstrap, prefix = _kafka(settings)
    return kafka_topics.create(
        bootstrap, prefix, settings.partitions, settings.replication, settings.security()
    )


def _problems(settings: Config) -> list[str]:
    from engine.log.kafka import topics as kafka_topics  # noqa: PLC0415  As above.

    bootstrap, prefix = _kafka(settings)
    return kafka_topics.check(
        bootstrap, prefix, settings.partitions, settings.replication, settings.security()
    )


def _principals(settings: Config, given: list[str] | None) -> dict[str, list[str]]:
    """The principals of each role: those of the configuration and of the options."""
    found = {role: list(names) for role, names in settings.kafka_principals.items()}
    for text in given or ():
        role, equals, name = text.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{text}: expected ROLE=NAME", param_hint="--principal")
        found.setdefault(role, []).append(name)
    return found


def _kafka(settings: Config) -> tuple[str, str]:
    from engine.log.kafka import PREFIX  # noqa: PLC0415  As above.

    kind, _, address = settings.log_url.partition(":")
    found = KAFKA_URL.fullmatch(address)
    if kind != "kafka" or not found:
        raise typer.BadParameter(
            f"{settings.log_url} is no Kafka log; the embedded log creates its own tables",
            param_hint="--log",
        )
    return found["bootstrap"], found["prefix"] or PREFIX
