"""The real Kafka of the tests: the first of four ways that works on this machine.

KAFKA_BOOTSTRAP if it is set; testcontainers where a Docker engine answers; the local jars where
Java and Maven (or the cached jars) are; else a loud skip, and in CI a failure.

All test processes of a run share one. The process that needs it first starts it and ends last: the
others hold a lock on a file as long as they use it, which the system releases if they are killed.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

import pytest

from infra.kafka import local

ENGINE_ANSWER_MAX_S = 2
OTHERS_LOOK_S = 0.2
END_MAX_S = 60.0
MOUNT_MAX_S = 10
IMAGE = "confluentinc/cp-kafka:8.0.0"
IMAGE_ENV = {  # Of server.properties of the local broker.
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    "KAFKA_TRANSACTION_MAX_TIMEOUT_MS": "15000",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
}


def is_ci(environ: Mapping[str, str]) -> bool:
    return environ.get("CI", "").lower() not in ("", "0", "false")


def has_docker_engine() -> bool:
    """Ask the engine: a client on PATH proves nothing. An engine behind TLS does not count."""
    kind, _, place = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").partition("://")
    try:
        with socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET) as engine:
            engine.settimeout(ENGINE_ANSWER_MAX_S)
            name, _, port = place.rpartition(":")
            engine.connect(place if kind == "unix" else (name, int(port)))
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(64)
    except (OSError, ValueError):
        return False


def way_to_start() -> str | None:
    """How the tests get a Kafka here: external, docker, jars, or None."""
    if os.environ.get("KAFKA_BOOTSTRAP"):
        return "external"
    if has_docker_engine():
        return "docker"
    return "jars" if has_way_by_jars() else None


def has_way_by_jars() -> bool:
    """Whether a broker of a test's own can be started here."""
    can_fetch = shutil.which("mvn") is not None or local.has_jars(local.jars_dir())
    return shutil.which("java") is not None and can_fetch


NO_KAFKA = "no real Kafka"
NO_SMALL_DISK = "no small disk"


def refuse(reason: str) -> NoReturn:
    """Skip; fail in CI, where a skip would look like a success."""
    text = f"{NO_KAFKA} for the tests marked `kafka`: {reason}"
    if is_ci(os.environ):
        pytest.fail(f"{text} (CI is set, so this is a failure, not a skip)", pytrace=False)
    pytest.skip(text)


@contextmanager
def from_docker() -> Iterator[str]:
    from testcontainers.kafka import KafkaContainer  # noqa: PLC0415 (it asks the engine on import)

    container = KafkaContainer(IMAGE).with_kraft()
    for name, value in IMAGE_ENV.items():
        container.with_env(name, value)
    with container:
        yield container.get_bootstrap_server()


@contextmanager
def from_jars(folder: Path) -> Iterator[str]:
    try:
        bootstrap = local.start(folder, local.free_port())
    except local.LocalKafkaError as error:
        refuse(str(error))
    try:
        yield bootstrap
    finally:
        local.stop(folder, signal.SIGKILL)


@contextmanager
def shared(folder: Path) -> Iterator[str]:
    """One Kafka, HOST:PORT, for all processes that name this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    address = folder / "address"
    with (folder / "users").open("a") as users, ExitStack() as ours:
        with alone(folder):
            if address.exists():
                fcntl.flock(users, fcntl.LOCK_SH)
            else:
                address.write_text(ours.enter_context(kafka(folder)))
                ours.callback(await_others, folder, users)
            bootstrap = address.read_text()
        yield bootstrap


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock that keeps other processes from starting to use the broker."""
    with (folder / "door").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def await_others(folder: Path, users: TextIO) -> None:
    """Return when no other process uses the broker; a later one starts its own."""
    while True:
        with alone(folder):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # Another process uses it.
            else:
                (folder / "address").unlink()
                return
        time.sleep(OTHERS_LOOK_S)


@contextmanager
def kafka(folder: Path) -> Iterator[str]:
    """A real Kafka as HOST:PORT for as long as the context lasts."""
    way = way_to_start()
    if way == "external":
        yield os.environ["KAFKA_BOOTSTRAP"]
    elif way == "docker":
        with from_docker() as bootstrap:
            yield bootstrap
    elif way == "jars":
        with from_jars(folder) as bootstrap:
            yield bootstrap
    else:
        refuse(
            "KAFKA_BOOTSTRAP is not set, no Docker engine answers, and java with mvn is not on "
            "PATH. Install a JDK 17 and Maven, or point KAFKA_BOOTSTRAP to a broker."
        )


class Private:
    """A broker of one test's own; it can be killed at any moment and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "node-1" / "data"
        self._port = local.free_port()

    @property
    def bootstrap(self) -> str:
        return f"{local.HOST}:{self._port}"

    def start(self) -> None:
        try:
            local.start(self.folder, self._port)
        except local.LocalKafkaError as error:
            refuse(str(error))

    def kill(self) -> None:
        """SIGKILL."""
        (pid,) = local.running(self.folder).values()
        os.kill(pid, signal.SIGKILL)
        self.await_end()

    def stop(self) -> None:
        local.stop(self.folder)

    def await_end(self) -> None:
        deadline_s = time.monotonic() + END_MAX_S
        while local.running(self.folder):
            assert time.monotonic() < deadline_s, "the broker does not end"
            time.sleep(0.05)


@contextmanager
def private(folder: Path) -> Iterator[Private]:
    """A broker that is not started yet; it ends with the context."""
    if not has_way_by_jars():
        refuse("a test needs a broker of its own, from jars: install a JDK 17 and Maven.")
    found = Private(folder.resolve())
    try:
        yield found
    finally:
        local.stop(found.folder, signal.SIGKILL)


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[None]:
    """A small file system under `folder`; a loud skip where this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size_mb}m,mode=0777"
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    try:
        called([*as_root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)])
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or error
        pytest.skip(f"{NO_SMALL_DISK} may be mounted here: {said}")
    try:
        yield
    finally:
        called([*as_root, "umount", "-l", str(folder)])  # A broker may still be ending.


def called(command: list[str]) -> None:
    subprocess.run(  # noqa: S603 (the arguments are ours)
        command, check=True, capture_output=True, text=True, timeout=MOUNT_MAX_S
    )
