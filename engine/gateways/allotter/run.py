"""One start of the allotter: read what the shards did, write the next parts, and wait.

A turn reads the shards' answers first, those that a seal covers (`answers`), and then `controls` to
its end, so that a control is known before its answers are looked at. Nothing is kept but the
ledger, which a new run makes again.

A run has the lease of the allotter's name and proves it before it writes, so one that was held up
and superseded ends with that. It does not write *under* the lease. On Kafka that would be a
transaction, and one that hangs open holds up what comes behind it: in `controls` a kill switch.
There is no need: what a run writes between its proof and the next run's first record is in force
and answered, and what comes behind that record each shard ignores by its number, with an event.
"""

import time
from collections.abc import Callable
from uuid import uuid4

from engine.gateways.allotter.answers import Answers
from engine.gateways.allotter.ledger import SENDER, Ledger
from engine.gateways.sending import append_until_taken
from engine.gateways.venues.reading import CONTROLS, read_all
from engine.gateways.venues.run import superseded, this_process
from engine.log.port import Closeable, Log
from engine.runtime.clock import Clock, Wall

IDLE_WAIT_S = 0.05


class Allotter(Closeable):
    """Use it in a `with`, or close it."""

    def __init__(
        self, log: Log, clock_ns: Callable[[], int] | None = None, clock: Clock = time
    ) -> None:
        self._log = log
        self._clock_ns = clock_ns = clock_ns or Wall().steady_ns
        self._clock = clock
        self._is_stopping = False
        self._lease = log.take_over(SENDER, this_process())
        self._answers = [Answers(log, number) for number in range(log.partitions)]
        self._controls = log.reader(CONTROLS, 0)
        self.ledger = Ledger(uuid4().hex, log.partitions, clock_ns())

    def run(self, on_turn: Callable[[Ledger], None] = lambda _: None) -> None:
        """Divide the limits until stopped.

        Raises SupersededError when another allotter has taken over, CorruptLogError,
        LogUnavailableError.
        """
        while not self._is_stopping:
            self.turn()
            on_turn(self.ledger)
            self._log.wait(IDLE_WAIT_S)

    def turn(self) -> int:
        """Read to the ends, and write what is due; the count of records written.

        Raises SupersededError, CorruptLogError, LogUnavailableError.
        """
        now_ns = self._clock_ns()
        answers = [(n, x) for n, shard in enumerate(self._answers) for x in shard.fresh(now_ns)]
        for record in read_all(self._controls):
            self.ledger.follow_control(record)
        for number, event in answers:
            self.ledger.follow_ingest(number, event, now_ns)
        with superseded(SENDER):
            self._lease.renew()
        due = self.ledger.due(now_ns)
        append_until_taken(self._log, CONTROLS, due, lambda: self._is_stopping, self._clock)
        return len(due)

    def stop(self) -> None:
        """End `run` after its turn; callable from a signal handler."""
        self._is_stopping = True

    def close(self) -> None:
        self._controls.close()
        self._lease.close()
