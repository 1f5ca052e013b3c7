"""Write with Kafka: inputs by an idempotent producer, a shard's batches in transactions.

The outcome of a transaction is never inferred from an exception. Until the client has asked for
the commit the transaction cannot be committed: the coordinator aborts it in the end. After that the
outcome is unknown, whatever the client says, and only the journal shows it. A writer that failed is
never used again. Its lease is proved against the broker, because two owners that simply start over
fence each other for ever, and the one that still holds it opens a new writer.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from confluent_kafka import KafkaError, Message, Producer

from engine.log.kafka.client import (
    CALL_MAX_S,
    CLIENT_ERRORS,
    LOGGER,
    RECORD_MAX_BYTES,
    Cluster,
    error_of,
)
from engine.log.kafka.credentials import Setting
from engine.log.port import (
    CommitUnknownError,
    Lease,
    LeaseLostError,
    LogUnavailableError,
    NewRecord,
)

RETRY_MS = 1  # With the default of 100 every commit takes that long: 11 transactions a second.
RETRY_MAX_MS = 5
REFUSED_S = 0.02  # How long the client sleeps if the last transaction is not over.
MARKERS_SHARE = 0.3  # Of a transaction's time, for its markers (measured: 1.4 of 4.5 ms).
PACE_GAIN = 0.1
TRANSACTION_MARGIN_MS = 1_000  # A dead owner's transaction ends before its lease does.
INIT_TIMEOUT_MS = 14_000  # Below what brokers allow; see `topics check`.
OVERHEAD_BYTES = 128  # Of the protocol for a record, rounded up.


def size_bytes(record: NewRecord) -> int:
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.key or b"") + headers + len(record.value) + OVERHEAD_BYTES


def require_sizes(topic: str, records: Sequence[NewRecord]) -> None:
    """Raises ValueError."""
    for record in records:
        if size_bytes(record) > RECORD_MAX_BYTES:
            raise ValueError(
                f"a record of {size_bytes(record)} bytes for {topic} exceeds the limit of "
                f"{RECORD_MAX_BYTES}; nothing was written"
            )


class Deliveries:
    """A producer whose failed deliveries are remembered; only failures are reported back."""

    def __init__(self, cluster: Cluster, extra: Mapping[str, Setting]) -> None:
        self.cluster = cluster
        self.error: KafkaError | None = None
        settings = cluster.config(
            {
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 1,  # A flush does not wait for it.
                "message.max.bytes": RECORD_MAX_BYTES,
                "delivery.report.only.error": True,
                "retry.backoff.ms": RETRY_MS,
                "retry.backoff.max.ms": RETRY_MAX_MS,
                **extra,
            }
        )
        self.producer = Producer(settings, logger=LOGGER)

    def send(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Hand records to the client, in order. Raises KafkaException."""
        name = self.cluster.topic(topic)
        for record in records:
            assert record.timestamp_ms > 0  # The client would take 0 for now.
            while True:
                try:
                    self.producer.produce(
                        name,
                        record.value,
                        record.key,
                        record.partition,
                        self._on_delivery,
                        None,
                        record.timestamp_ms,
                        list(record.headers),
                    )
                    break
                except BufferError:  # The client's queue is full: let it send.
                    self.producer.poll(0.01)

    def send_in_transaction(self, records: Mapping[str, Sequence[NewRecord]]) -> KafkaError | None:
        """Begin a transaction and send records of several topics; returns the first error."""
        try:
            self.producer.begin_transaction()
            for topic, batch in records.items():
                self.send(topic, batch)
            return self.settle()
        except CLIENT_ERRORS as error:
            return error_of(error)

    def settle(self) -> KafkaError | None:
        """Wait until every record is acknowledged; returns the first error, or None."""
        left = self.producer.flush(CALL_MAX_S)
        if left and self.error is None:
            self.error = KafkaError(
                KafkaError._MSG_TIMED_OUT,  # noqa: SLF001 (the client's public name)
                f"{left} record(s) not acknowledged within {CALL_MAX_S:.0f} s",
            )
        return self.error

    def close(self) -> None:
        """Delete the client: its own close would wait without end for a broker that is away."""
        with contextlib.suppress(*CLIENT_ERRORS):  # A client that failed once fails here again.
            self.producer.purge()
        del self.producer

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None and self.error is None:
            self.error = error


class Appender:
    """Appends input records, durably and in order; one producer for all of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._deliveries: Deliveries | None = None

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Raises LogUnavailableError; then a first part of the records may have been written.

        Appending them again is harmless: readers know an input by its source and number.
        """
        require_sizes(topic, records)
        with self._lock:
            deliveries = self._deliveries or Deliveries(
                self._cluster, {"message.timeout.ms": int(CALL_MAX_S * 1000) - 1_000}
            )
            self._deliveries = None  # Kept only if all goes well.
            try:
                deliveries.send(topic, records)
                failed = deliveries.settle()
            except CLIENT_ERRORS as error:
                failed = error_of(error)
            if failed is not None:
                deliveries.close()
                raise self._cluster.unavailable(f"appending to {topic}", failed)
            self._deliveries = deliveries

    def close(self) -> None:
        with self._lock:
            if self._deliveries is not None:
                self._deliveries.close()
                self._deliveries = None


def write_first(cluster: Cluster, make: Callable[[], Mapping[str, Sequence[NewRecord]]]) -> None:
    """Write records of any topics and partitions in one transaction.

    They are made once an earlier attempt is over: until then its commit or its markers may still
    come. Raises LogUnavailableError, after which nothing was written, or CommitUnknownError.
    """
    what = f"the first records of {cluster.prefix}"
    settings: dict[str, Setting] = {
        "transactional.id": f"{cluster.prefix}.opening",
        "transaction.timeout.ms": INIT_TIMEOUT_MS,
    }
    deliveries = Deliveries(cluster, settings)
    try:
        try:
            deliveries.producer.init_transactions(CALL_MAX_S)
        except CLIENT_ERRORS as error:
            raise cluster.unavailable(f"writing {what}", error_of(error)) from error
        failed = deliveries.send_in_transaction(make())
        if failed is not None:
            with contextlib.suppress(*CLIENT_ERRORS):  # Else the next attempt ends it.
                deliveries.producer.abort_transaction(CALL_MAX_S)
            raise cluster.unavailable(f"writing {what}", failed)
        try:
            deliveries.producer.commit_transaction(CALL_MAX_S)
        except CLIENT_ERRORS as error:
            raise CommitUnknownError(
                f"{what}: the commit may or may not have happened ({error_of(error).str()}). Run "
                "the same command again: it finds out."
            ) from error
    finally:
        deliveries.close()


def fencing(cluster: Cluster, name: str, timeout_ms: int, what: str) -> Deliveries:
    """A transactional producer, after which no older one of that name can write.

    A transaction that the older one has left open is aborted, and one that it has decided is
    readable. Raises LogUnavailableError.
    """
    deliveries = Deliveries(
        cluster,
        {
            "transactional.id": cluster.topic(name),
            "transaction.timeout.ms": timeout_ms,
            "socket.timeout.ms": min(timeout_ms, int(CALL_MAX_S * 1000)),
        },
    )
    deadline_s = time.monotonic() + CALL_MAX_S
    while True:
        try:
            deliveries.producer.init_transactions(max(0.1, deadline_s - time.monotonic()))
        except CLIENT_ERRORS as error:
            cause = error_of(error)
            if cause.retriable() and time.monotonic() < deadline_s:
                continue
            deliveries.close()
            raise cluster.unavailable(what, cause) from error
        return deliveries


class Pace:
    """The delay between one transaction and the next.

    A commit is acknowledged when it is decided. Until its markers are written the coordinator
    refuses the shard's next transaction, and the client then sleeps for 20 ms, whatever its
    settings (librdkafka 2.16): back to back, one transaction in five took that long. To begin a
    little later is quicker. The markers use the same disks and, where they are replicated, the
    same network as the transaction, so the delay is a share of the transaction's own time.
    """

    def __init__(self) -> None:
        self._took_s = 0.0  # How long a transaction takes, averaged.
        self._due_s = 0.0

    def wait(self) -> None:
        left_s = self._due_s - time.monotonic()
        if left_s > 0:
            time.sleep(left_s)

    def done(self, began_s: float) -> None:
        now_s = time.monotonic()
        took_s = min(now_s - began_s, REFUSED_S)  # A refusal or a pause is not the transaction's.
        self._took_s += (took_s - self._took_s) * PACE_GAIN
        self._due_s = now_s + self._took_s * MARKERS_SHARE


class KafkaWriter:
    """The transactional producer of one shard; a newer one with the same id fences it."""

    def __init__(
        self,
        cluster: Cluster,
        lease: Lease,
        session_timeout_ms: int,
        is_held: Callable[[Lease], bool],
        prove: Callable[[Lease], bool],
    ) -> None:
        """`is_held` answers from this process alone, `prove` asks the broker."""
        self._cluster = cluster
        self._lease = lease
        self._timeout_ms = session_timeout_ms - min(TRANSACTION_MARGIN_MS, session_timeout_ms // 2)
        self._is_held = is_held
        self._prove = prove
        self._pace = Pace()
        self._deliveries: Deliveries | None = fencing(
            cluster, str(lease.shard), self._timeout_ms, f"opening the writer of {self._what}"
        )

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        if not self._is_held(self._lease):
            raise self._lost("it was released, revoked or lost")
        if self._deliveries is None:
            raise self._unknown("this writer was closed after an earlier failure")
        if not any(records.values()):
            return
        deliveries = self._deliveries
        self._pace.wait()
        began_s = time.monotonic()
        failed = deliveries.send_in_transaction(records)
        if failed is not None:
            self._abort(deliveries, failed)
        try:
            deliveries.producer.commit_transaction(CALL_MAX_S)
        except CLIENT_ERRORS as error:
            self._give_up(error_of(error))
        self._pace.done(began_s)

    def close(self) -> None:
        deliveries, self._deliveries = self._deliveries, None
        if deliveries is not None:
            deliveries.close()

    @property
    def _what(self) -> str:
        return f"shard {self._lease.shard} of {self._cluster.prefix}"

    def _abort(self, deliveries: Deliveries, failed: KafkaError) -> NoReturn:
        """Abort a transaction whose commit was not asked for: no reader will see any of it."""
        try:
            deliveries.producer.abort_transaction(CALL_MAX_S)
        except CLIENT_ERRORS:
            self._give_up(failed)  # Perhaps it is fenced; the proof shows it.
        deliveries.error = None
        raise LogUnavailableError(
            f"{self._what}: nothing was written ({failed.str()}). Check Kafka at "
            f"{self._cluster.bootstrap} and commit again."
        )

    def _give_up(self, failed: KafkaError) -> NoReturn:
        """Close the producer; raise by whether the group says that the lease is still held."""
        self.close()
        if not self._may_be_held():
            raise self._lost(failed.str())
        raise self._unknown(failed.str())

    def _may_be_held(self) -> bool:
        try:
            return self._prove(self._lease)
        except LogUnavailableError:
            return True  # Unknown now; the caller has to prove it again anyway.

    def _unknown(self, why: str) -> CommitUnknownError:
        return CommitUnknownError(
            f"{self._what}: the commit may or may not have happened ({why}). Prove the lease, "
            f"open a new writer and read the last seal."
        )

    def _lost(self, why: str) -> LeaseLostError:
        return LeaseLostError(
            f"{self._what}: owner {self._lease.owner} lost the lease of epoch "
            f"{self._lease.epoch} ({why}). Drop the state and wait for an assignment."
        )
