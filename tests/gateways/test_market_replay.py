"""A recorded day under the wall clock, and with it the whole chain: worker, gateway, replay."""

import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from log.topics_created import create

from engine import config
from engine.core.events import (
    BreakFlagged,
    CalendarDefined,
    ChildClosed,
    ChildRouted,
    ControlApplied,
    CrossAllocated,
    DayClosed,
    DayOpened,
    ExecType,
    ExecutionReported,
    FillAllocated,
    FillBooked,
    InstrumentDefined,
    KillSwitchSet,
    NotSent,
    OrderAccepted,
    ParentReconciled,
    QuoteObserved,
    SendStarted,
    SessionStatusObserved,
    TradeObserved,
)
from engine.gateways.files import controls_file
from engine.gateways.orders import order_file, tickets
from engine.log import codec, open_log
from engine.log.port import SHARED_TOPICS, Log
from engine.runtime.shard import Rules
from engine.runtime.worker import Worker
from engine.simulation.market import replay as replaying
from engine.simulation.market.data import MarketData, load
from engine.simulation.market.replay import TICK_S, MarketReplay, ReplayError
from engine.simulation.paper import paper_gateway
from engine.simulation.venues.behaviour import FAULTLESS

if TYPE_CHECKING:
    from engine.gateways.venues import VenueGateway

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "paper-trading.md"
BIN = Path(sys.executable).parent
SECOND_NS = 1_000_000_000
SETTLE_NS = 500_000_000
PARTITIONS = 2
SESSION_S = 600
PATIENCE_S = 120.0
SPEED = 5  # So the session lasts two minutes, and only a stop ends it before a test is done.
POLICY = """
[policy]
policy_id = "quick"
window = "100ms"
interval = "500ms"
horizon_high = "3s"
horizon_normal = "6s"
participation = "50%"
max_slice = "100%"
[[limit]]
scope = "FIRM"
currency = "USD"
max_order_qty = 20_000
[[mandate]]
client_id = "C1"
max_participation = "100%"
"""

KILL = """
[[kill]]
scope = "firm"
text = "the day ends early"
"""


@pytest.fixture(scope="session")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of a market that stands still: a quote on two venues and prints each second."""
    folder = tmp_path_factory.mktemp("tape")
    (folder / "instrument.toml").write_text('instrument_id = "XXX"\nopen = "09:30"\nclose="09:40"')
    quotes, trades = ["ts,exchange,bid,bid_size,ask,ask_size"], ["ts,exchange,price,size,cond,corr"]
    for second in range(-60, SESSION_S + 60):
        at = f"2018-01-02T{14 + (1800 + second) // 3600:02}:{(1800 + second) % 3600 // 60:02}"
        at += f":{second % 60:02}"
        quotes += [f"{at}Z,{venue},100.00,20,100.01,20" for venue in "NQ"]
        trades += [f"{at}.5Z,{venue},100.00,300,,0" for venue in "NQ"]
    (folder / "quotes.csv").write_text("\n".join(quotes) + "\n")
    (folder / "trades.csv").write_text("\n".join(trades) + "\n")
    return folder


@pytest.fixture(scope="session")
def data(tape: Path) -> MarketData:
    return load(tape, strict=True)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'log.db'}"


def all_of(log: Log, topic: str) -> list[Any]:
    """Every event of a topic, partition by partition."""
    found = []
    for number in range(1 if topic in SHARED_TOPICS else log.partitions):
        reader = log.reader(topic, number)
        while not reader.at_end():
            found += [codec.decode(topic, record.value) for record in reader.read(5_000)]
        reader.close()
    return found


def of(kind: type, log: Log, topic: str) -> list[Any]:
    return [event for event in all_of(log, topic) if isinstance(event, kind)]


def replay(log: Log, data: MarketData, **changes: Any) -> MarketReplay:  # noqa: ANN401  Any argument.
    given = {"speed": SPEED, "seed": 7, "lead_ns": 300_000_000, "settle_ns": SETTLE_NS}
    return MarketReplay(log, data, **{**given, **changes})


# -------------------------------------------------------------------------------- replay


def test_a_recorded_day_is_published_as_if_it_opened_now(url: str, data: MarketData) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        began_ns = time.time_ns()
        played = replay(log, data, speed=SESSION_S).run()
        ended_ns = time.time_ns()
        rows = all_of(log, "market-data")
        (opened,) = of(DayOpened, log, "controls")
        (closed,) = of(DayClosed, log, "controls")
        (calendar,) = of(CalendarDefined, log, "reference")
        (defined,) = of(InstrumentDefined, log, "reference")
    assert opened.close_ns - opened.open_ns == SECOND_NS
    assert began_ns < opened.open_ns < opened.close_ns
    assert opened.close_ns + SETTLE_NS <= closed.set_ns <= ended_ns
    assert (calendar.open_ns, calendar.close_ns) == (opened.open_ns, opened.close_ns)
    days = {opened.day, closed.day, calendar.day, calendar.effective_day, defined.effective_day}
    assert days == {played.day}
    assert all(began_ns <= row.received_ns <= ended_ns for row in rows)
    assert all(row.event_ns <= row.received_ns for row in rows)
    times = [row.event_ns for row in rows]
    assert times == sorted(times)
    assert len(rows) == played.quotes + played.trades
    assert len(rows) + played.skipped == len(data)
    in_session = [row for row in rows if row.event_ns >= opened.open_ns]
    assert len(in_session) == len([row for row in data if data.in_session(row)])
    assert {type(row) for row in rows} == {QuoteObserved, TradeObserved}


def test_a_row_is_published_at_its_own_moment(
    url: str, data: MarketData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that only a sleep moves, so a busy machine makes no row late."""
    now_ns = time.time_ns()

    def sleep(wait_s: float) -> None:
        nonlocal now_ns
        now_ns += round(wait_s * SECOND_NS)

    monkeypatch.setattr(replaying, "time", SimpleNamespace(sleep=sleep))
    with open_log(url, partitions=PARTITIONS) as log:
        played = replay(log, data, speed=SESSION_S, clock_ns=lambda: now_ns).run()
    assert played.trades > SESSION_S
    assert played.late_max_ms <= TICK_S * 1_000


def test_a_stopped_replay_closes_its_day(url: str, data: MarketData) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        job = replay(log, data, speed=1)
        played = job.run(progress=lambda *_: job.stop())
        assert played.stopped
        opened, closed = all_of(log, "controls")
        assert isinstance(opened, DayOpened)
        assert isinstance(closed, DayClosed)
        assert closed.set_ns < opened.close_ns


def die(*_: int) -> None:
    raise KeyboardInterrupt


def test_a_replay_refuses_to_start_while_a_day_is_open(url: str, data: MarketData) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        with pytest.raises(KeyboardInterrupt):
            replay(log, data, speed=1).run(progress=die)
        with pytest.raises(ReplayError, match="--close-open-day"):
            replay(log, data, speed=1).run()
        again = replay(log, data, speed=1)
        again.run(close_open_day=True, progress=lambda *_: again.stop())
        kinds = [type(x).__name__ for x in all_of(log, "controls")]
        assert kinds == ["DayOpened", "DayClosed"] * 2


def test_a_speed_at_which_the_session_lasts_no_second_is_refused(
    url: str, data: MarketData
) -> None:
    with open_log(url) as log, pytest.raises(ReplayError, match="expected 1 to 600"):
        replay(log, data, speed=SESSION_S + 1)


# ------------------------------------------------------------------------- the whole chain


def rules() -> Rules:
    text = config.load(partitions=PARTITIONS).decision_text()
    return Rules(settings_text=text, release="test", python="any", partitions=PARTITIONS)


@contextmanager
def working(url: str) -> Iterator[None]:
    """A worker on the log, in a thread with a connection of its own."""
    found: list[Worker] = []
    failed: list[BaseException] = []
    started = threading.Event()

    def work() -> None:
        try:
            with open_log(url, partitions=PARTITIONS) as log:
                found.append(Worker(log, rules(), "test"))
                started.set()
                found[0].run()
        except BaseException as error:  # noqa: BLE001  The test's thread raises it.
            failed.append(error)
            started.set()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        for worker in found:
            worker.stop()
        thread.join()
        if failed:
            raise failed[0]


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[threading.Thread]:
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  The test's thread raises it.
            failed.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()
        if failed:
            raise failed[0]


def await_that(is_so: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until_s, f"never came: {what}"
        time.sleep(0.1)


def await_session(log: Log) -> None:
    """Until a print of the session is in the log, not only one of the lead."""

    def is_open() -> bool:
        opened = of(DayOpened, log, "controls")
        prints = of(TradeObserved, log, "market-data")
        return bool(opened) and any(x.event_ns >= opened[-1].open_ns for x in prints)

    await_that(is_open, "a print of the session")


def is_applied(log: Log, kind: type) -> bool:
    """Whether every shard has applied the one control of this kind."""
    applied = of(ControlApplied, log, "ingest")
    return [x.control for x in applied].count(kind.__name__) == log.partitions


def kill_and_await_answers(log: Log, folder: Path) -> None:
    """End the trading before a close in mid-session, which waits for nothing that rests."""
    apply(log, folder, KILL)
    await_that(
        lambda: is_applied(log, KillSwitchSet) and not in_doubt(log),
        "the venues' answers to the cancels",
    )


def apply(log: Log, folder: Path, text: str) -> None:
    file = folder / "controls.toml"
    file.write_text(text)
    tables = controls_file.read(file)
    log.append("controls", controls_file.records(tables, set_by="test", set_ns=time.time_ns()))


def submit(log: Log, count: int, qty: int = 300) -> None:
    """Orders of one client, buys and sells by turns, some hurried."""
    for number in range(count):
        now_ns = time.time_ns()
        ticket = tickets.parse(
            {
                "source": "test",
                "cl_ord_id": f"{now_ns}-{number}",
                "client_id": "C1",
                "instrument_id": "XXX",
                "side": "buy" if number % 2 else "sell",
                "order_qty": qty,
                "urgency": "high" if number % 3 else "normal",
            }
        )
        event = ticket.to_event(now_ns)
        log.append("orders", [order_file.order_record(event, number, now_ns, log.partitions)])


def allocated_qty(log: Log) -> int:
    found = of(FillAllocated, log, "allocations")
    return sum(sum(event.shares_qty) for event in found)


def booked_qty(log: Log) -> int:
    return sum(x.last_qty for x in of(FillBooked, log, "fills"))


def assert_whole(log: Log) -> None:
    """No child was sent twice, each has its end, each fill is allocated, nothing is in doubt."""
    sent = Counter(x.child_id for x in of(SendStarted, log, "venue-reports"))
    assert set(sent.values()) <= {1}
    routed = {f"{n}-{x.seq}": x for n, x in by_shard(log, "routes") if isinstance(x, ChildRouted)}
    assert in_doubt(log) == set()
    refused = {x.child_id for x in of(NotSent, log, "venue-reports")}
    assert set(sent) | refused <= set(routed)
    assert of(BreakFlagged, log, "fills") == []
    assert allocated_qty(log) == booked_qty(log)
    reports = of(ExecutionReported, log, "venue-reports")
    ids = [(x.venue, x.session_day, x.exec_id, x.exec_type) for x in reports]
    assert len(ids) == len(set(ids))


def by_shard(log: Log, topic: str) -> Iterator[tuple[int, Any]]:
    for number in range(log.partitions):
        reader = log.reader(topic, number)
        while not reader.at_end():
            for record in reader.read(5_000):
                yield number, codec.decode(topic, record.value)
        reader.close()


@contextmanager
def playing(url: str, data: MarketData) -> Iterator[None]:
    """A replay in a thread, which stops at the end of the context."""
    with open_log(url, partitions=PARTITIONS) as mine:
        job = replay(mine, data)
        with in_thread(job.run):
            try:
                yield
            finally:
                job.stop()


def test_orders_go_through_to_allocations_under_the_wall_clock(
    url: str, data: MarketData, tmp_path: Path
) -> None:
    with open_log(url, partitions=PARTITIONS) as log, working(url):
        apply(log, tmp_path, POLICY)

        def trade() -> None:
            with open_log(url, partitions=PARTITIONS) as mine:
                gateways.append(paper_gateway(mine, seed=7, behaviour=FAULTLESS))
                gateways[0].run()

        gateways: list[VenueGateway] = []
        with in_thread(trade):
            try:
                await_that(
                    lambda: bool(of(SessionStatusObserved, log, "venue-reports")), "the gateway"
                )
                with playing(url, data):
                    await_session(log)
                    submit(log, 6)
                    await_that(lambda: allocated_qty(log) > 900, "allocations")
                    kill_and_await_answers(log, tmp_path)
            finally:
                for gateway in gateways:
                    gateway.stop()
        await_that(
            lambda: (
                not in_doubt(log)
                and allocated_qty(log) == gateways[0].tally["filled_qty"]
                and bool(of(ParentReconciled, log, "allocations"))
            ),
            "the worker's last answers",
        )
        assert len(of(OrderAccepted, log, "ingest")) == 6
        assert_whole(log)


def unknown_reports(log: Log) -> list[ExecutionReported]:
    reports = of(ExecutionReported, log, "venue-reports")
    return [x for x in reports if x.exec_type is ExecType.UNKNOWN]


def test_a_gateway_that_is_killed_again_and_again_sends_nothing_twice_and_leaves_nothing_open(
    url: str, data: MarketData, tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311  No secret.
    killed = 0
    with open_log(url, partitions=PARTITIONS) as log, working(url):
        apply(log, tmp_path, POLICY)
        with playing(url, data):
            await_session(log)
            while killed < 5 or not unknown_reports(log) or not allocated_qty(log):
                assert not of(DayClosed, log, "controls"), f"{killed} kills filled the session"
                with open_log(url, partitions=PARTITIONS) as mine:
                    gateway = paper_gateway(mine, seed=7, behaviour=FAULTLESS, settle_s=0)
                    gateway.start()
                    submit(log, 2)
                    until_s = time.monotonic() + chance.uniform(0.1, 0.6)
                    while time.monotonic() < until_s or chance.random() < 0.5:
                        gateway.turn()  # And after one of them it is gone.
                    killed += 1
        await_that(  # A close waits a while for answers, and no gateway is left to give them.
            lambda: (
                is_applied(log, DayClosed)
                and not in_doubt(log)
                and allocated_qty(log) == booked_qty(log)
            ),
            "the close of what the last gateway left open",
        )
        assert_whole(log)


# ------------------------------------------------------------------------ as a user does it


def start(url: str, *arguments: str, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "METAORDER_LOG_URL": url, "METAORDER_PARTITIONS": str(PARTITIONS)}
    with (folder / f"{'-'.join(arguments[:2])}.err").open("w") as errors:
        return subprocess.Popen(  # noqa: S603  Our own command.
            [str(BIN / "metaorder"), *arguments],
            env=environment,
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=errors,
        )


PAPER = ("gateway", "paper", "-o", "json")
REPLAY = ("gateway", "replay", "-o", "json", "--speed", "3")  # 200 s, so that a stop ends it.


def in_doubt(log: Log) -> set[str]:
    """Children that are neither closed nor filled."""
    routed = {f"{n}-{x.seq}" for n, x in by_shard(log, "routes") if isinstance(x, ChildRouted)}
    filled = {x.child_id for x in of(FillBooked, log, "fills") if not x.leaves_qty}
    return routed - filled - {x.child_id for x in of(ChildClosed, log, "fills")}


@contextmanager
def ending(processes: list[subprocess.Popen[str]]) -> Iterator[None]:
    """Whatever happens, nothing of them is left."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def ended(process: subprocess.Popen[str]) -> Any:  # noqa: ANN401  A JSON object.
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out
    return json.loads(out)


def trade_by_commands(url: str, tape: Path, folder: Path) -> None:
    """Worker, gateway and replay, each a process."""
    with open_log(url, partitions=PARTITIONS) as log:
        apply(log, folder, POLICY)
        worker = start(url, "worker", folder=folder)
        paper = start(url, *PAPER, folder=folder)
        at_work = folder / "gateway-paper.err"
        with ending(processes := [worker, paper]):
            await_that(lambda: "is up" in at_work.read_text(), "the gateway")
            await_that(lambda: len(of(ControlApplied, log, "ingest")) > 3, "the worker")
            market = start(url, *REPLAY, "--market", str(tape), folder=folder)
            processes.append(market)
            await_session(log)
            submit(log, 6)
            await_that(lambda: allocated_qty(log) > 900, "allocations")
            kill_and_await_answers(log, folder)
            market.terminate()
            played = ended(market)
            time.sleep(1)
            paper.terminate()
            traded = ended(paper)
            await_that(
                lambda: not in_doubt(log) and allocated_qty(log) == traded["filled_qty"],
                "the worker's last answers, to fills that came after a child's end too",
            )
            worker.terminate()
            worker.wait(PATIENCE_S)
        assert played["stopped"]
        assert played["quotes"] > 0
        assert traded["filled_qty"] == allocated_qty(log) > 0
        begun = {x.child_id for x in of(SendStarted, log, "venue-reports")}
        taken_back = {x.child_id for x in of(NotSent, log, "venue-reports")}  # Between two steps.
        assert traded["sent"] == len(begun - taken_back)
        assert_whole(log)


@pytest.mark.slow
def test_the_commands_trade_on_the_embedded_log(url: str, tape: Path, tmp_path: Path) -> None:
    trade_by_commands(url, tape, tmp_path)


@pytest.mark.kafka
def test_the_commands_trade_on_kafka(kafka_bootstrap: str, tape: Path, tmp_path: Path) -> None:
    prefix = f"paper{time.time_ns()}"
    create(kafka_bootstrap, prefix, PARTITIONS)
    trade_by_commands(f"kafka:{kafka_bootstrap}/{prefix}", tape, tmp_path)


@pytest.mark.slow
def test_a_second_gateway_takes_over_and_the_first_ends_with_its_reason(
    url: str, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    errors = tmp_path / "gateway-paper.err"
    processes = [start(url, *PAPER, folder=tmp_path)]
    with ending(processes):
        await_that(lambda: "is up" in errors.read_text(), "the first")
        processes.append(start(url, *PAPER, folder=tmp_path / "second"))
        first, second = processes
        first.communicate(timeout=PATIENCE_S)
        assert first.returncode == 1, errors.read_text()
        assert "stop one of the two" in " ".join(errors.read_text().split())
        second.terminate()
        assert ended(second)["sent"] == 0


# ------------------------------------------------------------------------------ the page


def scripts() -> dict[str, str]:
    """Each program of the page by its name."""
    found = re.findall(r"^```bash (\S+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return dict(found)


def run_script(name: str, url: str, folder: Path) -> str:
    """Run a program of the page as it stands, but for the place of its log; what it printed."""
    (folder / "examples").symlink_to(ROOT / "examples")
    text, count = re.subn(r"(?<=METAORDER_LOG_URL=)\S+", url, scripts()[name])
    assert count == 1
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(  # noqa: S603  Our own page.
        ["/bin/bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_page_has_its_programs() -> None:
    assert list(scripts()) == ["embedded", "kafka"]


@pytest.mark.slow
def test_the_page_trades_on_the_embedded_log(url: str, tmp_path: Path) -> None:
    run_script("embedded", url, tmp_path)
    with open_log(url) as log:
        assert allocated_qty(log) > 0
        (small,) = [x for x in of(OrderAccepted, log, "ingest") if x.cl_ord_id == "A2"]
        crossed = [x for x in of(CrossAllocated, log, "allocations") if x.side is small.side]
        assert 0 < sum(x.cross_qty for x in crossed) <= small.order_qty
        assert_whole(log)


@pytest.mark.kafka
def test_the_page_trades_on_kafka(kafka_bootstrap: str, tmp_path: Path) -> None:
    url = f"kafka:{kafka_bootstrap}/page{time.time_ns()}"
    run_script("kafka", url, tmp_path)
    with open_log(url) as log:
        assert allocated_qty(log) > 0
        assert_whole(log)
