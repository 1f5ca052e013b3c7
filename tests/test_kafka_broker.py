"""Without a way to start Kafka its tests are skipped here, and fail in CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDS_KAFKA = """
def test_that_needs_kafka(kafka_bootstrap):
    assert kafka_bootstrap
"""


def run_without_kafka(folder: Path, ci: str) -> "subprocess.CompletedProcess[str]":
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
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-q"]
    return subprocess.run(  # noqa: S603 (our own text)
        [*command, "--rootdir", str(folder), str(folder)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("ci", ["", "false"])
def test_no_kafka_is_a_loud_skip(tmp_path: Path, ci: str) -> None:
    done = run_without_kafka(tmp_path, ci)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "KAFKA WAS NOT TESTED" in done.stdout
    assert "Install a JDK 17 and Maven" in done.stdout


@pytest.mark.parametrize("ci", ["true", "1"])
def test_no_kafka_in_ci_is_a_failure(tmp_path: Path, ci: str) -> None:
    done = run_without_kafka(tmp_path, ci)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "CI is set, so this is a failure" in done.stdout
