"""Fixtures that the whole suite shares."""

from collections.abc import Iterator

import kafka_broker
import pytest


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Kafka, HOST:PORT; one a session, so each test takes a topic prefix of its own."""
    with kafka_broker.kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Make a skipped Kafka loud: say it where everybody looks, without -rs."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", ())
        if "no real Kafka" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("KAFKA WAS NOT TESTED", sep="!", red=True)
        reason = str(skipped[0].longrepr[2]) if isinstance(skipped[0].longrepr, tuple) else ""
        terminalreporter.line(f"{len(skipped)} tests skipped. {reason}")
