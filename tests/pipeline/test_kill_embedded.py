"""Two workers on the embedded log, one of them killed with -9 in mid-stream, again and again."""

from pathlib import Path

import pytest
from pipeline import fresh_log, live, whole_log

PARTITIONS = 4
KILLS = 30

pytestmark = pytest.mark.slow


def test_thirty_kills_on_the_embedded_log_lose_nothing_and_decide_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.EMBEDDED, PARTITIONS)
    with live.engine(url, PARTITIONS, tmp_path, seed=5, rounds_per_s=25) as engine:
        live.kill_at_random(engine, ("one", "two"), KILLS, seed=6, pause_max_s=1.2)
        engine.drain()
        engine.workers.stop()
        whole_log.check(engine, tmp_path)
