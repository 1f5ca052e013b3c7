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


@app.command()
def create(
    *,
    log_url: LogOption = None,
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Create the missing topics; existing ones are not changed."""
    from engine.log.kafka import topics as kafka_topics  # noqa: PLC0415  SQLite needs no librdkafka.

    settings = loaded(config, log_url=log_url, partitions=partitions, replication=replication)
    bootstrap, prefix = _kafka(settings)
    made = kafka_topics.create(bootstrap, prefix, settings.partitions, settings.replication)
    render_one({"created": len(made), "prefix": prefix, "partitions": settings.partitions}, output)


@app.command()
def check(
    *,
    log_url: LogOption = None,
    partitions: PartitionsOption = None,
    replication: ReplicationOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List everything that is wrong with the topics; exit code 1 if anything is."""
    from engine.log.kafka import topics as kafka_topics  # noqa: PLC0415  SQLite needs no librdkafka.

    settings = loaded(config, log_url=log_url, partitions=partitions, replication=replication)
    bootstrap, prefix = _kafka(settings)
    problems = kafka_topics.check(bootstrap, prefix, settings.partitions, settings.replication)
    render_one({"problems": problems, "prefix": prefix}, output)
    for problem in problems:
        errors().print(escape(problem), soft_wrap=True)
    if problems:
        raise typer.Exit(Exit.ERROR)


def create_missing(settings: Config) -> None:
    """Create the missing topics of a Kafka log; an embedded log creates its own tables."""
    if not settings.log_url.startswith("kafka:"):
        return
    from engine.log.kafka import topics as kafka_topics  # noqa: PLC0415  SQLite needs no librdkafka.

    bootstrap, prefix = _kafka(settings)
    kafka_topics.create(bootstrap, prefix, settings.partitions, settings.replication)


def require_fit(settings: Config) -> None:
    """Raise EngineError with everything that is wrong with the topics of a Kafka log."""
    from engine.log.kafka import topics as kafka_topics  # noqa: PLC0415  SQLite needs no librdkafka.

    bootstrap, prefix = _kafka(settings)
    problems = kafka_topics.check(bootstrap, prefix, settings.partitions, settings.replication)
    if problems:
        raise EngineError(
            f"the topics of {prefix} at {bootstrap} do not have the settings that the engine "
            f"needs, so no worker was started: {' '.join(problems)} Run `metaorder topics check`."
        )


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
