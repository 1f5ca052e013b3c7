"""Fixtures that the whole suite shares."""

import gc
import os
from collections.abc import Iterator

import kafka_broker
import pytest
from hypothesis import settings

from engine.runtime.garbage_collection import set_survivors_aside

# The invariants of random days are asserted there, in no test module.
pytest.register_assert_rewrite("random_day", "told_day")

# Time passes differently on a busy machine, so no example has a deadline. CI tries the same
# examples each time, so a failure is the change's; what a longer run finds becomes a plain test.
settings.register_profile(
    "metaorder", deadline=None, derandomize=kafka_broker.is_ci(os.environ), print_blob=True
)
settings.load_profile("metaorder")


@pytest.fixture(autouse=True)
def own_collector() -> Iterator[None]:
    """A worker in a test's own process sets the heap aside; the tests after it look it through."""
    before = gc.get_threshold()
    yield
    gc.callbacks[:] = [found for found in gc.callbacks if found is not set_survivors_aside]
    gc.set_threshold(*before)
    gc.unfreeze()


LOUD = {
    kafka_broker.NO_KAFKA: "KAFKA WAS NOT TESTED",
    kafka_broker.NO_SMALL_DISK: "A FULL DISK UNDER KAFKA WAS NOT TESTED",
}


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Kafka, HOST:PORT; one a run, so each test takes a topic prefix of its own."""
    own = tmp_path_factory.getbasetemp()
    of_the_run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with kafka_broker.shared(of_the_run / "kafka") as bootstrap:
        yield bootstrap


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the skips that matter at the end of the run, also without -rs."""
    for words, title in LOUD.items():
        skipped = [
            report
            for report in terminalreporter.stats.get("skipped", ())
            if words in str(report.longrepr)
        ]
        if skipped:
            terminalreporter.section(title, sep="!", red=True)
            reason = str(skipped[0].longrepr[2]) if isinstance(skipped[0].longrepr, tuple) else ""
            terminalreporter.line(f"{len(skipped)} tests skipped. {reason}")
