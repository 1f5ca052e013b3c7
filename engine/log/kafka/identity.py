"""A Kafka log's identity: the records of a topic of its own, `PREFIX.identity`.

The first record holds the id, which `topics create` writes. A later one says which log goes on from
this one. A prefix of an early release has no such topic until `topics create` is run again, and
goes on without an id until then.
"""

import time
from collections.abc import Sequence

import orjson

from engine.log.kafka.client import Cluster
from engine.log.kafka.ends import Ends, LastSearch, Location
from engine.log.kafka.writer import Appender
from engine.log.port import CorruptLogError, EngineError, Identity, NewRecord, Record

TOPIC = "identity"
PLACE = Location(TOPIC, 0)
RECORDS_MAX = 1_000  # Far more than are ever written.


def read(search: LastSearch) -> Identity:
    """The identity in the topic's records; without an id before the first of them."""
    return of_records(search.records_before(PLACE, None, RECORDS_MAX))


def of_records(records: Sequence[Record]) -> Identity:
    log_id = left_for = ""
    for record in records:
        try:
            said = orjson.loads(record.value)
            log_id = log_id or str(said.get("log_id", ""))
            left_for = left_for or str(said.get("left_for", ""))
        except (ValueError, AttributeError) as error:
            raise CorruptLogError(
                f"the topic {TOPIC} holds a record at offset {record.offset} that the engine did "
                f"not write ({error}). Find the process that wrote it; access lists allow it to "
                "`topics create` and `log repartition` alone."
            ) from error
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
