"""A Kafka log's identity: the records of a topic of its own, `PREFIX.identity`.

The first record holds the id, which `topics create` writes. A later one says which log goes on from
this one. A prefix of an early release has no such topic until `topics create` is run again, and
goes on without an id until then. In a restored log the first record says that the restore was
begun; until the id follows, the topics hold a part of a log, and no process may work on it.
"""

import secrets
import time
from collections.abc import Sequence

import orjson

from engine.log.kafka.client import Cluster
from engine.log.kafka.ends import Ends, LastSearch, Location
from engine.log.kafka.writer import Appender
from engine.log.port import CorruptLogError, EngineError, Identity, NewRecord, Record

TOPIC = "identity"
RESTORING = "restoring"
ID_BYTES = 16
PLACE = Location(TOPIC, 0)
RECORDS_MAX = 1_000  # Far more than are ever written.


def read(search: LastSearch) -> Identity:
    """The identity in the topic's records; without an id before the first of them."""
    return of_records(search.records_before(PLACE, None, RECORDS_MAX))


def new_id() -> str:
    return secrets.token_hex(ID_BYTES)


def of_records(records: Sequence[Record]) -> Identity:
    """The identity that these say. Raises CorruptLogError, EngineError."""
    log_id = left_for = restoring = ""
    for record in records:
        try:
            said = orjson.loads(record.value)
            log_id = log_id or str(said.get("log_id", ""))
            left_for = left_for or str(said.get("left_for", ""))
            restoring = restoring or str(said.get(RESTORING, ""))
        except (ValueError, AttributeError) as error:
            raise CorruptLogError(
                f"the topic {TOPIC} holds a record at offset {record.offset} that the engine did "
                f"not write ({error}). Find the process that wrote it; access lists allow it to "
                "`topics create`, `log repartition` and `log restore` alone."
            ) from error
    if restoring and not log_id:
        raise EngineError(
            f"log {restoring} is being restored here, or a restore of it was cut short: a part of "
            "its records is missing. If no restore is running, delete the topics of this prefix "
            "and restore it again."
        )
    return Identity(log_id, left_for)


def write(appender: Appender, said: dict[str, str]) -> None:
    """Raises LogUnavailableError."""
    now_ms = time.time_ns() // 1_000_000
    appender.append(TOPIC, [NewRecord(0, now_ms, None, (), orjson.dumps(said))])


def ensure(cluster: Cluster, log_id: str) -> None:
    """Write the id unless the topic has one. Raises LogUnavailableError."""
    ends = Ends(cluster)
    search = LastSearch(cluster, ends)
    appender = Appender(cluster)
    try:
        if not read(search).log_id:
            write(appender, {"log_id": log_id})
    finally:
        appender.close()
        search.close()
        ends.close()


def require_topic(*, is_there: bool, name: str) -> None:
    """Raise EngineError if a log without the topic is to be left."""
    if not is_there:
        raise EngineError(
            f"{name} has no id, so it cannot name the log that goes on from it. Run `metaorder "
            "topics create` on it first."
        )
