"""Worker processes as an operator starts them, `metaorder worker`; killed and started again."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.cli.exits import Exit

TESTS = Path(__file__).parents[1]
METAORDER = Path(sys.executable).with_name("metaorder")
# Only something broken takes longer than these, even where many tests share a core.
STOP_MAX_S = 180.0  # A worker that lived through an outage closes many clients.
START_MAX_S = 120.0
TAKE_OVER_MAX_S = 180.0  # A session runs out, then a day is folded.
WORK_MAX_S = 30.0  # Another worker may hold every shard for a while.
CLIENT_ABORT = "rd_kafka_enq_once_del_source_return: Assertion"
WORK = re.compile(r"shard (\d+) (at work|dropped)")


class Workers:
    """The workers of one log under fixed names, each with a file of its output."""

    def __init__(self, url: str, partitions: int, folder: Path) -> None:
        self._url = url
        self._folder = folder
        self._environ = {
            **{name: x for name, x in os.environ.items() if not name.startswith("METAORDER_")},
            "METAORDER_PARTITIONS": str(partitions),
            "COLUMNS": "1000",  # One line a message.
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._aborted: set[str] = set()
        self._began_at: dict[str, int] = {}  # Size of its file when it was started, bytes.
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "pipeline.guard"],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,  # A Ctrl-C is for the test; then the guard has work.
        )

    def redirect(self, url: str) -> None:
        """Workers that start from now on reach the same log by another address."""
        self._url = url

    def start(self, owner: str, *more: str) -> None:
        """`more` are arguments of its command."""
        with self._file(owner).open("ab") as output:
            self._began_at[owner] = output.tell()
            process = subprocess.Popen(  # noqa: S603  Our own command.
                [METAORDER, "worker", "--log", self._url, "--name", owner, *more],
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._running[owner] = process
        self._tell_guard(process.pid)

    def kill(self, owner: str) -> bool:
        """SIGKILL; True if the worker was at work. Asserts that it ran until then."""
        self.assert_alive(owner)
        self._running[owner].kill()
        self._ended(owner)
        return self.is_at_work(owner)

    def assert_alive(self, owner: str) -> None:
        code = self._running[owner].poll()
        assert code is None, f"{owner} ended with {code}: {self.said(owner)}"

    def revive(self, owner: str) -> None:
        """Start a worker again that its Kafka client has aborted, as a supervisor does.

        Where a broker dies under its requests librdkafka 2.16 may, rarely, end the process with an
        assertion of its own. To the log that is a kill. If the log is still away when that worker
        starts again, it ends, and is started once more. Any other end fails the test.
        """
        if self.has_aborted(owner):
            self._aborted.add(owner)
        elif not (owner in self._aborted and self._found_no_log(owner)):
            self.assert_alive(owner)
            return
        self._ended(owner)
        self.start(owner)

    def has_aborted(self, owner: str) -> bool:
        """Whether the worker was ended by that assertion."""
        is_abort = self._running[owner].poll() == -signal.SIGABRT
        return is_abort and CLIENT_ABORT in self.said(owner)

    def _found_no_log(self, owner: str) -> bool:
        return self._running[owner].poll() == Exit.MISSING and not self.is_at_work(owner)

    def pid(self, owner: str) -> int:
        return self._running[owner].pid

    def await_work(self, owner: str) -> None:
        """Wait until the worker has rebuilt a shard, or has none for long: see `await_owner`."""
        deadline_s = time.monotonic() + WORK_MAX_S
        while time.monotonic() < deadline_s and not self.is_at_work(owner):
            self.assert_alive(owner)
            time.sleep(0.02)

    def await_owner(self, shard: int) -> str:
        """Wait until a worker has rebuilt the shard; returns its name."""
        deadline_s = time.monotonic() + TAKE_OVER_MAX_S
        while True:
            for owner in self._running:
                self.assert_alive(owner)
                if shard in self._at_work_on(owner):
                    return owner
            assert time.monotonic() < deadline_s, f"no worker has shard {shard}"
            time.sleep(0.02)

    def _at_work_on(self, owner: str) -> set[int]:
        found: set[int] = set()
        for number, what in WORK.findall(self.said(owner)):
            (found.add if what == "at work" else found.discard)(int(number))
        return found

    def is_at_work(self, owner: str) -> bool:
        return "at work" in self.said(owner)

    def said(self, owner: str) -> str:
        """The worker's output since its last start."""
        return self._file(owner).read_bytes()[self._began_at[owner] :].decode()

    def said_ever(self) -> str:
        """The output of all workers since their first start."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("worker-*.log")))

    def stop(self) -> None:
        """Stop all workers by SIGTERM, once each is ready for it, and assert that they end well."""
        for owner in self._running:
            self._await_handler(owner)
        for process in self._running.values():
            process.terminate()
        for owner in list(self._running):
            code = self._ended(owner)
            assert code == 0, f"{owner} ended with {code}: {self.said(owner)}"

    def _await_handler(self, owner: str) -> None:
        """Wait until the worker takes SIGTERM for a stop, where that can be seen."""
        deadline_s = time.monotonic() + START_MAX_S
        status = Path(f"/proc/{self.pid(owner)}/status")
        if not status.exists():
            self.await_work(owner)
            return
        while not catches(status.read_text(), signal.SIGTERM):
            self.assert_alive(owner)
            assert time.monotonic() < deadline_s, f"{owner} does not start: {self.said(owner)}"
            time.sleep(0.02)

    def close(self) -> None:
        for owner in list(self._running):
            self._running[owner].kill()
            self._ended(owner)
        self._guard.communicate(timeout=STOP_MAX_S)

    def _ended(self, owner: str) -> int:
        """Wait for its end; its exit code."""
        process = self._running[owner]
        code = process.wait(STOP_MAX_S)
        del self._running[owner]
        self._tell_guard(-process.pid)
        return code

    def _file(self, owner: str) -> Path:
        return self._folder / f"worker-{owner}.log"

    def _tell_guard(self, pid: int) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{pid}\n")
        self._guard.stdin.flush()


def catches(status: str, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal, by its /proc/PID/status."""
    found = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> (number - 1) & 1)


@contextmanager
def workers(url: str, partitions: int, folder: Path) -> Iterator[Workers]:
    """Workers that end with the context."""
    found = Workers(url, partitions, folder)
    try:
        yield found
    finally:
        found.close()
