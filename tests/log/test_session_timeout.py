"""A worker that stops polling keeps its shards for the session time-out, on every log."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer
from pipeline import fresh_log

from engine import config
from engine.cli.options import configured_log
from engine.core.units import NS_PER_MS
from engine.log import open_log
from engine.log.kafka import membership
from engine.log.kafka.leases import KafkaLeases
from engine.log.port import LeaseLostError

TIMEOUT_MS = 1_000


def test_a_silent_worker_of_the_embedded_log_has_the_configured_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    settings = config.load(log_url=url, partitions=1, session_timeout_ms=TIMEOUT_MS)
    with configured_log(settings) as log, configured_log(settings) as other:
        now_ns = time.monotonic_ns()
        monkeypatch.setattr(time, "monotonic_ns", lambda: now_ns)
        log.leases("silent", [0])
        now_ns += TIMEOUT_MS * NS_PER_MS - 1
        with pytest.raises(LeaseLostError, match="1 s after its last renewal"):
            other.leases("next", [0])
        now_ns += 1
        (lease,) = other.leases("next", [0]).poll(0).gained
        assert lease.epoch == 2


@pytest.mark.kafka
def test_a_member_of_the_group_has_the_configured_time(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def noted(settings: dict[str, Any], logger: logging.Logger) -> Consumer:
        given.append(settings)
        return Consumer(settings, logger=logger)

    monkeypatch.setattr(membership, "Consumer", noted)
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, 1)
    with open_log(url, partitions=1, session_timeout_ms=TIMEOUT_MS) as log:
        leases = log.leases("silent", [0])
        assert isinstance(leases, KafkaLeases)
        assert leases.session_timeout_ms == TIMEOUT_MS
        assert {settings["session.timeout.ms"] for settings in given} == {TIMEOUT_MS}
