"""The log: one port, its adapters, the codec and the partitioner. `open_log(url)` is the door."""

import re
from pathlib import Path

from engine.log.port import EngineError, Log

KAFKA_URL = re.compile(r"(?P<bootstrap>[^/:]+:[0-9]+(,[^/:]+:[0-9]+)*)(/(?P<prefix>[\w.-]+)?)?")


class LogUrlError(EngineError, ValueError):
    """The text names no log."""


def open_log(url: str, *, partitions: int = 8, session_timeout_ms: int | None = None) -> Log:
    """Open `sqlite:PATH` (made if missing), `kafka:HOST:PORT[/prefix]` or `archive:DIR`.

    Several brokers are separated by commas. A worker that gives no sign of life for the session's
    time-out loses its shards; None is the adapter's own. Raises LogUrlError for anything else,
    and what the adapters raise.
    """
    kind, _, place = url.partition(":")
    if kind == "sqlite" and place:
        from engine.log.embedded import EmbeddedLog  # noqa: PLC0415  The codec needs no SQLite.

        return EmbeddedLog(Path(place), partitions, session_timeout_ms=session_timeout_ms)
    kafka = KAFKA_URL.fullmatch(place)
    if kind == "kafka" and kafka:
        from engine.log.kafka import KafkaLog  # noqa: PLC0415  Who has SQLite needs no librdkafka.

        return KafkaLog(kafka["bootstrap"], kafka["prefix"] or "", partitions, session_timeout_ms)
    if kind == "archive" and place:
        from engine.log.archive import ArchiveLog  # noqa: PLC0415  As above: who needs it.

        return ArchiveLog(Path(place), partitions)
    raise LogUrlError(
        f"log {url!r}: expected sqlite:PATH or kafka:HOST:PORT[/prefix], or archive:DIR, as in "
        "sqlite:engine.db or kafka:127.0.0.1:9092/test"
    )
