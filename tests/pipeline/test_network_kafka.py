"""A bad line, a stopped worker, a foreign producer with the shard's id: work goes on by itself."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import kafka_broker
import pytest
from confluent_kafka import Producer
from log.topics_created import create
from pipeline import fresh_log, live, whole_log
from pipeline.proxy import Proxy

from engine.log import codec, open_log
from engine.log.port import JOURNAL
from infra.kafka import local

PARTITIONS = 2
PREFIX = "network"
BAD_S = 10.0  # At least; a busy machine sends less in it.
FAULTS = 4  # At least, of each kind.
STOPPED_S = 9.0  # The session runs out after 6.
BACK_MAX_S = 300.0

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_a_line_that_breaks_and_stands_still_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    if not kafka_broker.has_way_by_jars():
        kafka_broker.refuse("a test needs a broker of its own, from jars: install a JDK 17, Maven.")
    first = local.free_ports(3)
    detour = local.Detour(port=first + 1, advertised_port=first + 2)
    proxy = Proxy(detour.advertised_port, detour.port, seed=4)
    folder = tmp_path / "kafka"
    try:
        bootstrap = local.start(folder, first, detour=detour)
        create(bootstrap, PREFIX, PARTITIONS)
        proxy.begin()
        url = f"kafka:{bootstrap}/{PREFIX}"
        bad_url = f"kafka:{local.HOST}:{detour.advertised_port}/{PREFIX}"
        with live.engine(url, PARTITIONS, tmp_path, seed=5, rounds_per_s=15) as engine:
            engine.workers.redirect(bad_url)  # The desk and its venue have a line of their own.
            engine.begin(["one"])
            engine.await_owners()
            proxy.is_bad.set()
            time.sleep(BAD_S)
            await_faults(proxy)
            proxy.is_bad.clear()
            engine.workers.assert_alive("one")
            engine.drain(BACK_MAX_S)
            engine.workers.stop()
            assert "Traceback" not in engine.workers.said("one")
            whole_log.check(engine, tmp_path)
    finally:
        local.stop(folder)
        proxy.finish()


def await_faults(proxy: Proxy) -> None:
    deadline_s = time.monotonic() + BACK_MAX_S
    while min(proxy.counts["cut"], proxy.counts["slow"]) < FAULTS:
        assert time.monotonic() < deadline_s, proxy.counts
        time.sleep(0.1)


def newest_batches(url: str, max_s: float = BACK_MAX_S) -> list[int]:
    """Asked again while a busy machine's broker does not answer in time."""
    return live.answered(partial(read_batches, url), max_s)


def read_batches(url: str) -> list[int]:
    with open_log(url, partitions=PARTITIONS) as log:
        seals = [log.last(JOURNAL, number) for number in range(PARTITIONS)]
    return [-1 if x is None else codec.decode(JOURNAL, x.value).batch for x in seals]


def await_more(url: str, than: list[int]) -> None:
    deadline_s = time.monotonic() + BACK_MAX_S
    while True:
        found = newest_batches(url, deadline_s - time.monotonic())
        if all(now > was for now, was in zip(found, than, strict=True)):
            return
        assert time.monotonic() < deadline_s, f"nothing is sealed after {than}"
        time.sleep(0.2)


def test_a_worker_stopped_past_its_session_and_one_fenced_by_a_stranger_go_on(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_log.url(request, tmp_path, fresh_log.KAFKA, PARTITIONS)
    bootstrap, _, prefix = url.removeprefix("kafka:").partition("/")
    with live.engine(url, PARTITIONS, tmp_path, seed=6, rounds_per_s=15) as engine:
        engine.begin(["one"])
        engine.await_owners()
        await_more(url, [-1] * PARTITIONS)

        for shard in range(PARTITIONS):
            stranger = Producer(
                {
                    "bootstrap.servers": bootstrap,
                    "transactional.id": f"{prefix}.{shard}",
                    "transaction.timeout.ms": 10_000,
                    "log_level": 0,
                }
            )
            stranger.init_transactions(120)
            await_more(url, newest_batches(url))
        assert "proving the lease" in engine.workers.said("one")

        engine.workers.start("two")
        engine.workers.await_work("two")
        os.kill(engine.workers.pid("one"), signal.SIGSTOP)
        time.sleep(STOPPED_S)
        await_more(url, newest_batches(url))  # The other has all shards.
        os.kill(engine.workers.pid("one"), signal.SIGCONT)
        await_more(url, newest_batches(url))
        engine.workers.kill("two")
        await_more(url, newest_batches(url))  # And so has this one, when the other's session ends.
        assert "lost" in engine.workers.said("one") or "dropped" in engine.workers.said("one")

        engine.drain(BACK_MAX_S)
        engine.workers.stop()
        whole_log.check(engine, tmp_path)
