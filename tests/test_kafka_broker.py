"""The tests' Kafka: one for all their processes; without one a skip, in CI a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.kafka import local

ROOT = Path(__file__).parents[1]
NEEDS_KAFKA = """
def test_that_needs_kafka(kafka_bootstrap):
    assert kafka_bootstrap
"""

NEEDS_ONE_KAFKA = """
import os, time
def test_that_writes_down_its_broker(kafka_bootstrap):
    with open("brokers", "a") as brokers:
        brokers.write(f"{os.environ['PYTEST_XDIST_WORKER']} {kafka_bootstrap}\\n")
    deadline_s = time.monotonic() + 60
    while len({x.split()[0] for x in open("brokers")}) < 2:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
"""


def run_without_kafka(folder: Path, ci: str, *more: str) -> "subprocess.CompletedProcess[str]":
    """The suite's own conftest on a machine without Java, Maven and Docker."""
    (folder / "test_needs_kafka.py").write_text(NEEDS_KAFKA)
    environ = {
        "PATH": str(folder),
        "CI": ci,
        "DOCKER_HOST": "tcp://127.0.0.1:1",
        "METAORDER_KAFKA_JARS": str(folder / "no-jars"),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
        "HOME": str(folder),
    }
    return run(folder, environ, *more)


def run(folder: Path, environ: dict[str, str], *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-q"]
    return subprocess.run(  # noqa: S603 (our own text)
        [*command, "--rootdir", str(folder), *more, str(folder)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["one process", "two"])
@pytest.mark.parametrize("ci", ["", "false"])
def test_no_kafka_is_a_loud_skip(tmp_path: Path, ci: str, more: tuple[str, ...]) -> None:
    done = run_without_kafka(tmp_path, ci, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "KAFKA WAS NOT TESTED" in done.stdout
    assert "Install a JDK 17 and Maven" in done.stdout


@pytest.mark.parametrize("ci", ["true", "1"])
def test_no_kafka_in_ci_is_a_failure(tmp_path: Path, ci: str) -> None:
    done = run_without_kafka(tmp_path, ci)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "CI is set, so this is a failure" in done.stdout


@pytest.mark.kafka
def test_two_test_processes_share_one_broker_and_leave_none(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    for name in ("test_one.py", "test_other.py"):
        (tmp_path / name).write_text(NEEDS_ONE_KAFKA)
    environ = {name: x for name, x in os.environ.items() if not name.startswith("PYTEST_")}
    environ["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    base = tmp_path / "base"
    done = run(tmp_path, environ, "-n", "2", "--dist", "loadfile", "--basetemp", str(base))
    assert done.returncode == 0, done.stdout + done.stderr
    written = [line.split() for line in (tmp_path / "brokers").read_text().splitlines()]
    assert sorted(worker for worker, _ in written) == ["gw0", "gw1"]
    (broker,) = {address for _, address in written}
    assert not (base / "kafka" / "address").exists()
    assert broker == kafka_bootstrap or not local.answers(broker, 1)
