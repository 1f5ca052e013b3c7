"""Run a real Apache Kafka on this machine from plain jars: no Docker, no installation.

    python -m infra.kafka.local start | stop | status  [--port 9092] [--dir .kafka] [--brokers 1]

The jars come from Maven Central once (`pom.xml` beside this file pins them) and stay in a cache;
after that nothing goes over the network. Each node is broker and controller in one process
(KRaft), so with three any one may go. Everything listens on 127.0.0.1. The folder holds
configuration, data, log and pid of each node, so a stopped Kafka starts again with its data.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.kafka.broker_properties import properties

HOST = "127.0.0.1"
POM = Path(__file__).with_name("pom.xml")
DOWNLOAD_MAX_S = 300  # Of one try.
DOWNLOAD_TRIES = 2
STALL_MAX_MS = 30_000
# Maven alone would wait half an hour for an answer; the first two are for 3.9, the others before.
MAVEN_BOUNDS = (
    f"-Daether.connector.connectTimeout={STALL_MAX_MS}",
    f"-Daether.connector.requestTimeout={STALL_MAX_MS}",
    f"-Dmaven.wagon.http.connectionTimeout={STALL_MAX_MS}",
    f"-Dmaven.wagon.http.readTimeout={STALL_MAX_MS}",
)
FORMAT_MAX_S = 60
START_MAX_S = 120  # A folder with thousands of partitions takes its time to load.
STOP_MAX_S = 120  # A broker that is killed in its stop mends its files at the next start.
# 2.5 s to the first answer, about 360 MB. Without the second compiler the broker of a test or a
# bench, which lives for minutes, takes half the CPU (10 s, not 20, to its 400th transaction), and
# those commits take 7 ms at the median, not 15, beside others on two cores.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
HEAP = ("-Xms128m", "-Xmx512m")
HEAP_OF_MANY = ("-Xms96m", "-Xmx256m")  # Several nodes share a machine.
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)
LAUNCHED: dict[int, "subprocess.Popen[bytes]"] = {}  # Our own children, to be waited for.
TAIL_LINES = 15
TAIL_LINE_CHARS = 300
WAYS_OUT = "or set KAFKA_BOOTSTRAP=HOST:PORT to use a Kafka that runs elsewhere"


class LocalKafkaError(Exception):
    """The local Kafka could not be fetched, started or stopped; the message names the way out."""


def pinned(name: str) -> str:
    """A version from pom.xml, the one place that states it."""
    found = re.search(f"<{name}.version>(.+?)</{name}.version>", POM.read_text())
    assert found, f"{POM} pins no {name}.version"
    return found[1]


def jars_dir() -> Path:
    default = Path.home() / ".cache" / "metaorder" / f"kafka-{pinned('kafka')}"
    return Path(os.environ.get("METAORDER_KAFKA_JARS") or default)


def has_jars(folder: Path) -> bool:
    """True for a whole download: it gets its name only when it is complete."""
    return (folder / f"kafka_2.13-{pinned('kafka')}.jar").exists()


def program(name: str, needed_for: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise LocalKafkaError(
            f"no `{name}` on PATH; it is needed to {needed_for}. "
            f"Install a JDK 17 or newer and Maven (Debian: `apt install openjdk-17-jdk-headless "
            f"maven`), {WAYS_OUT}."
        )
    return found


def run(command: list[str], limit_s: int, what: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 (the arguments are ours)
            command, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LocalKafkaError(f"{what} took longer than {limit_s} s, so it was ended") from error
    if done.returncode != 0:
        raise LocalKafkaError(
            f"{what} failed with exit code {done.returncode}:\n{tail(done.stdout + done.stderr)}"
        )


def tail(text: str) -> str:
    return "\n".join(line[:TAIL_LINE_CHARS] for line in text.strip().splitlines()[-TAIL_LINES:])


def fetch_jars() -> Path:
    """The folder of the jars; downloaded if it is not there."""
    folder = jars_dir()
    if has_jars(folder):
        return folder
    mvn = program("mvn", "download Kafka's jars")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".download-") as scratch:
        incoming = Path(scratch) / "jars"
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        fetch = [mvn, "-q", "-B", "-ntp", *MAVEN_BOUNDS, "-f", str(POM), *goal]
        what = f"the download of Kafka {pinned('kafka')} from Maven Central to {folder}"
        for left in reversed(range(DOWNLOAD_TRIES)):
            try:
                run([*fetch, f"-DoutputDirectory={incoming}"], DOWNLOAD_MAX_S, what)
                break
            except LocalKafkaError:
                if not left:
                    raise
        try:
            incoming.rename(folder)  # A cut download never gets the final name.
        except OSError:
            if not has_jars(folder):  # Else another process was first with the same jars.
                raise LocalKafkaError(
                    f"{folder} exists, but holds no Kafka {pinned('kafka')}. "
                    f"Remove it, or point METAORDER_KAFKA_JARS to a folder of its own."
                ) from None
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        first = free_port()
        with contextlib.ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probes.enter_context(socket.socket()).bind((HOST, port))
            except (OSError, OverflowError):
                continue
            return first


class Detour(NamedTuple):
    """A second port of a broker; clients are given another one, that of a proxy between them."""

    port: int
    advertised_port: int


def java(jars: Path, main_class: str, *options: str) -> list[str]:
    return [program("java", "run Kafka"), *options, *LOGGING, "-cp", f"{jars}/*", main_class]


def command_of(pid: int) -> str:
    """The command line of a process; empty if there is none. A pid can be used again."""
    if Path("/proc/self/cmdline").exists():  # Linux; a slim image has no `ps`.
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return ""
    ps = shutil.which("ps") or "/bin/ps"
    done = subprocess.run(  # noqa: S603 (the arguments are ours)
        [ps, "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def running(folder: Path) -> dict[int, int]:
    """Node to pid of the nodes that run out of this folder."""
    found = {}
    for pid_file in sorted(folder.glob("node-*/pid")):
        pid = int(pid_file.read_text())
        if str(pid_file.with_name("server.properties")) in command_of(pid):
            found[int(pid_file.parent.name.removeprefix("node-"))] = pid
    return found


def answers(bootstrap: str, brokers: int) -> bool:
    """True once the first broker knows every broker of the cluster."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        return len(admin.list_topics(timeout=1).brokers) >= brokers
    except KafkaException:
        return False


def new_cluster_id() -> str:
    """A UUID as Kafka writes it; without a dash, which its tool would take for an option."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")


def controller_port_of(home: Path) -> int:
    """The port of an earlier start, which the stored quorum names, else a free one."""
    config = home / "server.properties"
    if config.exists():
        found = re.search(r"CONTROLLER://[^:]+:(\d+)", config.read_text())
        assert found, f"{config} has no controller listener"
        return int(found[1])
    return free_port()


def prepare(
    jars: Path, home: Path, cluster: str, *, is_alone: bool, extra: Sequence[str] = ()
) -> None:
    """Format the storage of one node, unless it already was; `extra` are options of the tool."""
    if (home / "data" / "meta.properties").exists():
        return
    quorum = ["--standalone"] if is_alone else []  # Several are named by the properties.
    config = str(home / "server.properties")
    tool = java(jars, "kafka.tools.StorageTool", *JVM, *HEAP_OF_MANY)
    command = [*tool, "format", "-t", cluster, "-c", config, *quorum, *extra]
    run(command, FORMAT_MAX_S, f"formatting {home / 'data'}")


def launch(
    jars: Path, home: Path, *, is_alone: bool = True, options: Sequence[str] = ()
) -> "subprocess.Popen[bytes]":
    """`options` are more of the Java machine's."""
    heap = HEAP if is_alone else HEAP_OF_MANY
    command = [*java(jars, "kafka.Kafka", *JVM, *heap, *options), str(home / "server.properties")]
    with (home / "kafka.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 (the arguments are ours)
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # A Ctrl-C in the terminal is not for the broker.
        )
    (home / "pid").write_text(str(process.pid))
    LAUNCHED[process.pid] = process
    return process


def start(folder: Path, port: int = 9092, brokers: int = 1, detour: Detour | None = None) -> str:
    """Start Kafka and wait until it answers; returns its bootstrap address."""
    folder = folder.resolve()
    bootstrap = f"{HOST}:{port}"
    alive = running(folder)
    if len(alive) == brokers and answers(bootstrap, brokers):
        return bootstrap
    if alive:
        raise LocalKafkaError(
            f"{folder} already runs node(s) {', '.join(map(str, alive))}, but not as {brokers} "
            f"broker(s) at {bootstrap}. Run `stop` with the same --dir first."
        )
    jars = fetch_jars()
    homes = [folder / f"node-{node}" for node in range(1, brokers + 1)]
    ports = [port + at for at in range(brokers)]
    controller_ports = [controller_port_of(home) for home in homes]
    cluster_file = folder / "cluster"
    if not cluster_file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        cluster_file.write_text(new_cluster_id())
    for node, home in enumerate(homes, start=1):
        home.mkdir(parents=True, exist_ok=True)
        text = properties(HOST, node, ports, controller_ports, home / "data", detour)
        (home / "server.properties").write_text(text)
        prepare(jars, home, cluster_file.read_text(), is_alone=brokers == 1)
    processes = {home: launch(jars, home, is_alone=brokers == 1) for home in homes}
    deadline_s = time.monotonic() + START_MAX_S
    while not answers(bootstrap, brokers):
        ended = [home for home, process in processes.items() if process.poll() is not None]
        if ended or time.monotonic() > deadline_s:
            home = (ended or list(processes))[0]
            log = tail((home / "kafka.log").read_text())
            why = "ended" if ended else f"did not answer at {bootstrap} within {START_MAX_S} s"
            stop(folder)
            raise LocalKafkaError(f"Kafka in {home} {why}. Its log ends with:\n{log}")
        time.sleep(0.1)
    return bootstrap


def start_again(folder: Path, node: int) -> None:
    """Start one node of several that has ended, with its data; does not wait for it."""
    launch(fetch_jars(), folder.resolve() / f"node-{node}", is_alone=False)


def kill(folder: Path, node: int, how: signal.Signals = signal.SIGKILL) -> None:
    """End one node, and wait for its end."""
    pid = running(folder.resolve())[node]
    os.kill(pid, how)
    process = LAUNCHED.pop(pid, None)
    assert process is not None, f"node {node} was started by another process"
    process.wait(STOP_MAX_S)


def stop(folder: Path, how: signal.Signals = signal.SIGTERM) -> int:
    """End the nodes that run out of this folder, by their pids; returns how many nodes that were.

    In order it may take half a minute, on a busy machine more. SIGKILL is for a broker whose data
    is not needed again.
    """
    folder = folder.resolve()
    alive = running(folder)
    for pid in alive.values():
        os.kill(pid, how)
    deadline_s = time.monotonic() + STOP_MAX_S
    while running(folder):
        if time.monotonic() > deadline_s:
            for pid in running(folder).values():
                os.kill(pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    for pid_file in folder.glob("node-*/pid"):
        process = LAUNCHED.pop(int(pid_file.read_text()), None)
        if process is not None:
            process.wait(STOP_MAX_S)
        pid_file.unlink()
    return len(alive)


def status(folder: Path, port: int, brokers: int) -> tuple[bool, str]:
    alive = running(folder.resolve())
    pids = ", ".join(f"node {node} is pid {pid}" for node, pid in alive.items()) or "no node runs"
    ok = bool(alive) and answers(f"{HOST}:{port}", brokers)
    return ok, f"{HOST}:{port} {'answers' if ok else 'does not answer'}; {pids} in {folder}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.kafka.local", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=("start", "stop", "status"))
    parser.add_argument("--port", type=int, default=9092, help="of the first broker")
    parser.add_argument("--dir", type=Path, default=Path(".kafka"), help="configuration and data")
    parser.add_argument("--brokers", type=int, default=1)
    given = parser.parse_args()
    try:
        if given.command == "start":
            bootstrap = start(given.dir, given.port, given.brokers)
            sys.stdout.write(f"Kafka {pinned('kafka')} answers at {bootstrap}\n")
        elif given.command == "stop":
            sys.stdout.write(f"stopped {stop(given.dir)} node(s)\n")
        else:
            ok, text = status(given.dir, given.port, given.brokers)
            sys.stdout.write(f"{text}\n")
            return 0 if ok else 1
    except LocalKafkaError as error:
        sys.stderr.write(f"{error}\n")
        return 5  # A dependency is missing, as in the other commands.
    return 0


if __name__ == "__main__":
    sys.exit(main())
