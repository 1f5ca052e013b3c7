"""Two workers on real Kafka, one of them killed with -9 in mid-stream at 20 random moments."""

from pathlib import Path

import pytest
from pipeline import fresh_log, live, whole_log

PARTITIONS = 4
KILLS = 20

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_twenty_kills_on_kafka_lose_nothing_and_decide_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, PARTITIONS)
    with live.engine(url, PARTITIONS, tmp_path, seed=3, rounds_per_s=15) as engine:
        live.kill_at_random(engine, ("one", "two"), KILLS, seed=4, pause_max_s=1.2)
        engine.drain()
        engine.workers.stop()
        whole_log.check(engine, tmp_path)
