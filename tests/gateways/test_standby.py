"""A second process that waits for a name until the first has ended or died."""

from pathlib import Path

import pytest

from engine.gateways.standby import Standby
from engine.log.embedded import EmbeddedLog
from engine.log.port import LeaseLostError

NAME = "gateway.PAPER"


class Waits:
    """A clock on which the holder does something while another process waits."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _: float, /) -> None:
        step = self.steps.pop(0)
        assert callable(step)
        step()


def test_a_free_name_needs_no_wait(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        assert Standby(log, NAME, Waits()).wait(pytest.fail)


def test_a_standby_waits_for_each_holder_and_tells_each_once(tmp_path: Path) -> None:
    told: list[str] = []
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        first = log.take_over(NAME, "first")
        clock = Waits(first.renew, lambda: log.take_over(NAME, "second"), first.close)
        standby = Standby(log, NAME, clock)
        clock.steps.append(standby.stop)
        assert not standby.wait(told.append)
        with pytest.raises(LeaseLostError):
            first.renew()
    assert told == ["first", "second"]  # What the first gives back is not its own any more.


def test_a_holder_that_renews_nothing_counts_as_dead(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1, session_timeout_ms=1) as log:
        log.take_over(NAME, "first")
        assert Standby(log, NAME).wait(lambda _: None)
