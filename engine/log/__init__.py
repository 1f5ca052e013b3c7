"""The log: one port, its adapters and the codec. `open_log(url)` opens one."""

import re
from pathlib import Path

from engine.log.port import EngineError, Log
from engine.log.security import OPEN, Security

KAFKA_URL = re.compile(r"(?P<bootstrap>[^/:]+:[0-9]+(,[^/:]+:[0-9]+)*)(/(?P<prefix>[\w.-]+)?)?")


class LogUrlError(EngineError, ValueError):
    """The text names no log."""


def open_log(
    url: str,
    *,
    partitions: int = 8,
    session_timeout_ms: int | None = None,
    security: Security = OPEN,
) -> Log:
    """Open `sqlite:PATH` (made if missing), `kafka:HOST:PORT[/prefix]` or `archive:DIR`.

    Several brokers are separated by commas. A worker that renews no lease for the session's
    time-out loses its shards; None is the adapter's own. `security` is of Kafka alone. Raises
    LogUrlError for any other text, and the errors of the adapters.
    """
    kind, _, address = url.partition(":")
    if kind == "sqlite" and address:
        from engine.log.embedded import EmbeddedLog  # noqa: PLC0415  The codec needs no SQLite.

        return EmbeddedLog(Path(address), partitions, session_timeout_ms=session_timeout_ms)
    kafka = KAFKA_URL.fullmatch(address)
    if kind == "kafka" and kafka:
        from engine.log.kafka import KafkaLog  # noqa: PLC0415  SQLite needs no librdkafka.

        return KafkaLog(
            kafka["bootstrap"], kafka["prefix"] or "", partitions, session_timeout_ms, security
        )
    if kind == "archive" and address:
        from engine.log.archive import ArchiveLog  # noqa: PLC0415  As above.

        return ArchiveLog(Path(address), partitions)
    raise LogUrlError(
        f"log {url!r}: expected sqlite:PATH or kafka:HOST:PORT[/prefix], or archive:DIR, as in "
        "sqlite:engine.db or kafka:127.0.0.1:9092/test"
    )
