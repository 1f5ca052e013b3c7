"""Stop a gateway at any moment, let another take over, let the first go on: what does it report?

    python -m infra.campaigns.gateway_pauses --log embedded|kafka [--pauses 200] [--seed 1]

A worker, a desk that streams orders, and `metaorder gateway paper` with children at work. Each time
the gateway is stopped (SIGSTOP), half of the times between its last read and a write: there it
stops itself. Another gateway starts and announces itself; then the first goes on. It must report
nothing behind the announcement, end with exit code 1 and say why. A line of JSON each 20 pauses.

A gateway's process is started one pause ahead and waits with its modules loaded, so that a pause is
short. A process that is stopped while it holds the write lock of the embedded log's file stops the
whole log. It is let go on and stopped anew, and counted.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import apsw
from pipeline import desk, live
from pipeline.workers import workers

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.events import (
    ExecType,
    ExecutionReported,
    NotSent,
    SendStarted,
    SessionStatusObserved,
)
from engine.gateways.venues.children import ENDS
from engine.gateways.venues.run import run_of
from engine.log import codec, open_log
from engine.log.embedded.names import EmbeddedAppender
from engine.log.kafka import topics
from engine.log.kafka.names import KafkaAppender
from engine.log.port import Log, NewRecord
from engine.simulation.paper import PAPER
from infra.kafka import local

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 2
ROUNDS_PER_S = 6
FIGURES_EACH = 20  # Pauses.
UP_MAX_S = 90.0
END_MAX_S = 60.0
APPENDS_MAX = 6  # Of these a gateway that stops itself stops at one.
BEFORE_S = 0.8  # A gateway is up for at most so long before it is stopped.
STOP_MAX_S = 10.0
FRUITLESS_MAX = 1_000_000
WRITE_LOCK_MS = 1_000  # A write takes less, unless its process is stopped.
STOP_AT = signal.SIGUSR1  # Tells a gateway to stop itself before one of its next writes.
TAKEN = "has taken"


class Reports:
    """Follows `venue-reports` as any reader."""

    def __init__(self, log: Log) -> None:
        self._readers = [log.reader("venue-reports", n) for n in range(log.partitions)]
        self.newest = [0] * log.partitions  # The newest run announced.
        self.up = [0] * log.partitions  # The newest run that has said that its sessions are up.
        self.late: list[str] = []  # Reports of an older run behind that.
        self.at_work: set[str] = set()  # Children with a SendStarted and without an end.

    def read(self) -> None:
        for number, reader in enumerate(self._readers):
            while not reader.at_end():
                for record in reader.read(1_000):
                    event = codec.decode("venue-reports", record.value)
                    run = run_of(record) or 0
                    if run < self.newest[number]:
                        self.late.append(f"run {run:x}: {event!r:.300}")
                    if isinstance(event, SessionStatusObserved):
                        runs = self.newest if event.venue == PAPER else self.up
                        runs[number] = max(run, runs[number])
                    self._follow(event)

    def _follow(self, event: object) -> None:
        if isinstance(event, SendStarted):
            self.at_work.add(event.child_id)
        elif isinstance(event, NotSent | ExecutionReported) and is_end(event):
            self.at_work.discard(event.child_id)

    def await_newer(self, than: int, gateway: "Gateway") -> int:
        """Wait until a newer run is up on every partition; returns its number."""
        deadline_s = time.monotonic() + UP_MAX_S
        while min(self.up) <= than:
            assert gateway.is_alive(), f"the newer gateway ended: {gateway.said()}"
            assert time.monotonic() < deadline_s, f"no newer gateway in {UP_MAX_S:g} s"
            time.sleep(0.02)
            self.read()
        return min(self.up)


def is_end(event: NotSent | ExecutionReported) -> bool:
    if isinstance(event, NotSent):
        return True
    return event.exec_type in ENDS or (event.exec_type is ExecType.TRADE and not event.leaves_qty)


class Gateway:
    """A process of `metaorder gateway paper` that can be told to stop itself before a write."""

    def __init__(self, url: str, folder: Path, number: int) -> None:
        self._file = folder / f"gateway-{number}.log"
        with self._file.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  Our own command.
                [sys.executable, "-m", "infra.campaigns.gateway_pauses", "--gateway", url],
                cwd=ROOT,
                env={**os.environ, "METAORDER_PARTITIONS": str(PARTITIONS), "COLUMNS": "1000"},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )

        assert self._process.stdin is not None
        self._input = self._process.stdin

    def begin(self) -> None:
        """Let the process, which has loaded its modules, be a gateway."""
        self._input.write(b"begin\n")
        self._input.close()

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        return self._file.read_text()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGSTOP)
        self.await_stop(STOP_MAX_S)

    def stop_before_a_write(self) -> bool:
        """False if it writes nothing for long."""
        self._process.send_signal(STOP_AT)
        return self.await_stop(STOP_MAX_S)

    def await_stop(self, max_s: float) -> bool:
        deadline_s = time.monotonic() + max_s
        while time.monotonic() < deadline_s:
            assert self.is_alive(), f"the gateway ended: {self.said()}"
            stat = Path(f"/proc/{self._process.pid}/stat").read_text()
            if stat.rpartition(")")[2].split()[0] == "T":
                return True
            time.sleep(0.002)
        return False

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def go_on_to_its_end(self) -> int:
        """Its exit code. One that was told to stop itself, and was stopped before, does it now."""
        deadline_s = time.monotonic() + END_MAX_S
        while (code := self._process.poll()) is None:
            assert time.monotonic() < deadline_s, f"the gateway does not end: {self.said()}"
            self.go_on()
            time.sleep(0.05)
        return code

    def terminate(self) -> int:
        self._process.terminate()
        return self.go_on_to_its_end()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(END_MAX_S)
        self._input.close()


class Pauses:
    """A log with a gateway at work, and the pauses of it."""

    def __init__(self, url: str, folder: Path, log: Log, seed: int) -> None:
        self._url = url
        self._folder = folder
        self._chance = random.Random(seed)  # noqa: S311  No secret: a campaign repeats.
        self._started = 0
        self.reports = Reports(log)
        self.figures: Counter[str] = Counter()
        self._next = self._start()
        self._run = 0
        self.gateway = self._take_over()

    def close(self) -> None:
        for gateway in (self.gateway, self._next):
            gateway.kill()

    def _start(self) -> Gateway:
        self._started += 1
        return Gateway(self._url, self._folder, self._started)

    def _take_over(self) -> Gateway:
        newer, self._next = self._next, self._start()
        newer.begin()
        self._run = self.reports.await_newer(self._run, newer)
        return newer

    def pause(self) -> None:
        """Stop the gateway, have another take over, and let the first go on to its end."""
        older = self.gateway
        time.sleep(self._chance.uniform(0, BEFORE_S))
        self._stop(older)
        self.reports.read()
        self.figures["pauses"] += 1
        self.figures["children at work"] += len(self.reports.at_work)
        self.figures["pauses with children at work"] += bool(self.reports.at_work)
        self.gateway = self._take_over()
        code = older.go_on_to_its_end()
        assert code == Exit.ERROR, f"the older gateway ended with {code}: {older.said()}"
        assert TAKEN in older.said(), f"the older gateway does not say why: {older.said()}"
        self.reports.read()

    def _stop(self, gateway: Gateway) -> None:
        is_aimed = self._chance.random() < 0.5
        if is_aimed and gateway.stop_before_a_write():
            self.figures["stopped before a write"] += 1
            return
        gateway.stop()
        while self._url.startswith("sqlite:") and is_locked(self._url.partition(":")[2]):
            self.figures["stopped in a write, and let go on"] += 1
            gateway.go_on()
            time.sleep(self._chance.uniform(0, 0.01))
            gateway.stop()


def is_locked(path: str) -> bool:
    """Whether a stopped process holds the write lock of the file."""
    connection = apsw.Connection(path)
    try:
        connection.set_busy_timeout(WRITE_LOCK_MS)
        connection.execute("begin immediate")
        connection.execute("rollback")
    except apsw.BusyError:
        return True
    finally:
        connection.close()
    return False


def paused(
    url: str,
    folder: Path,
    pauses: int,
    seed: int,
    on_figures: Callable[[Counter[str], list[str]], None] = lambda _, __: None,
) -> tuple[Counter[str], list[str]]:
    """Pause gateways so many times; the figures and the late reports.

    They are also given to `on_figures` now and then.
    """
    feeder = live.Feeder(url, PARTITIONS, seed, ROUNDS_PER_S)
    with workers(url, PARTITIONS, folder) as others, open_log(url, partitions=PARTITIONS) as log:
        others.start("one")
        others.await_work("one")
        feeder.start()
        assert feeder.is_feeding.wait(UP_MAX_S)
        # A gateway that starts cancels what an older one has sent; the venue is not to blame.
        desk.Publisher(log, "campaign").send(desk.policy(fruitless_max=FRUITLESS_MAX))
        made = Pauses(url, folder, log, seed)
        try:
            for number in range(1, pauses + 1):
                assert feeder.is_alive(), f"the stream ended: {feeder.failure!r}"
                made.pause()
                if number % FIGURES_EACH == 0:
                    on_figures(made.figures, made.reports.late)
            feeder.finish()
            code = made.gateway.terminate()
            assert code == Exit.OK, f"the last gateway ended with {code}: {made.gateway.said()}"
        finally:
            made.close()
        made.reports.read()
        others.stop()
    return made.figures, made.reports.late


def run_gateway(url: str) -> int:
    """`metaorder gateway paper`, which stops itself before a write when it is told to."""
    left: list[int] = []  # Appends until it stops; empty if it was not told to.

    def arm(_: int, __: object) -> None:
        left.append(random.randrange(APPENDS_MAX))  # noqa: S311  No secret.

    def stopping(append: Any) -> Any:  # noqa: ANN401  A method of either adapter.
        def stopped(own: Any, topic: str, records: Sequence[NewRecord]) -> None:  # noqa: ANN401
            if left and records:
                left[-1] -= 1
                if left[-1] < 0:
                    left.clear()
                    os.kill(os.getpid(), signal.SIGSTOP)
            append(own, topic, records)

        return stopped

    import_module("engine.cli.gateway")  # Else its first use loads it.
    if not sys.stdin.readline():
        return Exit.OK  # The campaign ended before its turn.
    signal.signal(STOP_AT, arm)
    for kind in (EmbeddedAppender, KafkaAppender):
        kind.append = stopping(kind.append)  # type: ignore[method-assign]
    return execute(["gateway", "paper", "--log", url])


def main() -> int:
    """0 where no gateway reported anything late."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.campaigns.gateway_pauses",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--pauses", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", type=Path, default=Path("out/gateway-pauses"))
    parser.add_argument("--gateway", metavar="URL", help="be the gateway of such a campaign")
    given = parser.parse_args()
    if given.gateway:
        return run_gateway(given.gateway)
    folder = given.dir.resolve() / f"{given.log}-{time.time_ns()}"
    folder.mkdir(parents=True)
    url = f"sqlite:{folder / 'log.db'}"
    began_s = time.monotonic()

    def say(figures: Counter[str], late: list[str]) -> None:
        shape = {"log": given.log, "seed": given.seed, **figures, "late reports": len(late)}
        took_s = round(time.monotonic() - began_s)
        sys.stdout.write(f"{json.dumps({**shape, 'took_s': took_s})}\n")
        sys.stdout.flush()

    try:
        if given.log == "kafka":
            bootstrap = local.start(folder / "kafka", local.free_port())
            topics.create(bootstrap, "pauses", PARTITIONS)
            url = f"kafka:{bootstrap}/pauses"
        figures, late = paused(url, folder, given.pauses, given.seed, say)
    finally:
        local.stop(folder / "kafka")
    say(figures, late)
    for line in late[:10]:
        sys.stdout.write(f"  {line}\n")
    if not late:
        shutil.rmtree(folder)
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
