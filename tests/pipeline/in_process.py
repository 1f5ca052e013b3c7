"""A worker in a thread of the test, with a handle on the log of its own."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline import proof, short_day

from engine.log import codec, open_log
from engine.log.port import Log
from engine.runtime.shard_log import ShardLog
from engine.runtime.worker import Worker

PATIENCE_S = 90.0  # Only something broken takes longer, even where many tests share a core.

OpenLog = Callable[[], Log]


class Running(threading.Thread):
    """Runs a worker until it is stopped; keeps the exception that it raised."""

    def __init__(
        self,
        opened: OpenLog,
        owner: str,
        shards: Sequence[int] | None,
        clock_ns: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.failure: BaseException | None = None
        self.worker: Worker | None = None
        self._opened = opened
        self._owner = owner
        self._shards = shards
        self._clock_ns = clock_ns
        self._ends = threading.Event()

    def run(self) -> None:
        try:
            with self._opened() as log:
                rules = short_day.rules(log.partitions)
                self.worker = Worker(
                    log,
                    rules,
                    self._owner,
                    clock_ns=self._clock_ns,
                    shards=self._shards,
                    on_aside=self._set_aside,
                )
                if self._ends.is_set():  # While it was being made, when there was none to stop.
                    self.worker.stop()
                self.worker.run()
        except BaseException as error:  # noqa: BLE001  The test's thread raises it again.
            self.failure = error

    def _set_aside(self, _shard: int, error: Exception) -> None:
        self.failure = error

    def finish(self) -> None:
        self._ends.set()
        if self.worker is not None:
            self.worker.stop()
        self.join(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        assert not self.is_alive(), "the worker does not stop"


@contextmanager
def worker(
    opened: OpenLog,
    owner: str = "worker",
    shards: Sequence[int] | None = None,
    clock_ns: Callable[[], int] | None = None,
) -> Iterator[Running]:
    """A running worker; its exception is raised at the end.

    `clock_ns` None is this machine's, which a worker does not believe on a log whose newest record
    is more than a minute old; a test of such a log that sends nothing new gives a clock.
    """
    running = Running(opened, owner, shards, clock_ns)
    running.start()
    try:
        yield running
    finally:
        running.finish()


def opener(url: str, partitions: int) -> OpenLog:
    return lambda: open_log(url, partitions=partitions)


def events(log: Log, topic: str, kind: type | None = None, shard: int | None = None) -> list[Any]:
    """The present events of a kind in a stage topic, of all shards or of one."""
    found: list[Any] = []
    for number in range(log.partitions) if shard is None else (shard,):
        records = proof.read_all(log, topic, number)
        found += [codec.decode(topic, record.value) for record in records]
    return [event for event in found if kind is None or isinstance(event, kind)]


def until(is_true: Callable[[], Any], what: str, running: Running | None = None) -> Any:  # noqa: ANN401  Whatever is true.
    """Wait until the condition holds. Raises AssertionError, or at once the worker's exception."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := is_true()):
        if running is not None and running.failure is not None:
            raise running.failure
        assert time.monotonic() < deadline_s, f"never came: {what}"
        time.sleep(0.01)
    return found


def taken(log: Log, topic: str, shard: int) -> int:
    """The position up to which a shard has sealed a topic."""
    with ShardLog(log, shard) as shard_log:
        ends = [
            entry.next_position
            for seal, _ in shard_log.seals()
            for entry in seal.inputs
            if entry.topic == topic
        ]
    return max(ends, default=0)
