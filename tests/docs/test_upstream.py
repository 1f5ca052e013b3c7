"""The programs of docs/upstream.md, cut out of the page and run against a real broker."""

import ast
import re
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import kafka_broker
import pytest
from log.topics_created import create

import schemas
from engine.core.events import (
    FillAllocated,
    OrderAccepted,
    OrderRejected,
    OrderSubmitted,
    RejectReason,
    Side,
)
from engine.core.partition import partition_of
from engine.log import open_log
from engine.log.codec import decode, encode
from engine.log.port import Log, NewRecord, Record
from infra.kafka import local

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "upstream.md"
PARTITIONS = 8
RUN_MAX_S = 120


def programs() -> dict[str, str]:
    """Each program of the page by its file name."""
    text = PAGE.read_text()
    return dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def test_the_page_has_its_programs() -> None:
    assert list(programs()) == ["publish.py", "Publish.java", "sign.py", "status.py"]
    for name, body in programs().items():
        if name.endswith(".py"):
            ast.parse(body)


def schema_of(subject: str, number: int) -> schemas.Schema:
    """The shape of an id, now or in a release: a sender may publish under either."""
    if schemas.catalogue()[subject] == number:
        return schemas.schema(subject)
    versions = [x for x in schemas.released() if schemas.released_ids(x).get(subject) == number]
    return schemas.released_schema(versions[-1], subject)


def test_the_ids_and_topics_of_the_page_are_the_catalogue_s() -> None:
    text = PAGE.read_text()
    for name in ("OrderSubmitted", "OrderAmendRequested", "OrderCancelRequested"):
        found = re.search(rf"\b(\d+)\s+{name}", text)
        assert found
        assert schema_of(f"orders-{name}", int(found[1]))
    for topic, event in re.findall(r"^\| `(ingest|allocations)` \| (.+?) \|", text, re.MULTILINE):
        for name in re.findall(r"`([A-Z]\w+)`", event):
            assert f"{topic}-{name}" in schemas.catalogue()


def test_the_java_program_writes_every_field_of_the_schema_in_order() -> None:
    program = programs()["Publish.java"]
    number = re.search(r"ORDER_SUBMITTED = (\d+);", program)
    assert number
    fields = [x["name"] for x in schema_of("orders-OrderSubmitted", int(number[1]))["fields"]]
    body = program.partition("static byte[] order")[2].partition("return")[0]
    assert re.findall(r"// (\w+)", body) == fields


def test_librdkafka_s_default_partitioner_is_another() -> None:
    keys = [f"I{number}".encode() for number in range(100)]
    wrong = [key for key in keys if zlib.crc32(key) % PARTITIONS != partition_of(key, PARTITIONS)]
    assert len(wrong) > 50


@pytest.fixture(scope="module")
def whole_schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "schemas"
    schemas.export(folder)
    return folder


@pytest.fixture
def prefix(kafka_bootstrap: str) -> str:
    name = f"upstream{time.time_ns()}"
    create(kafka_bootstrap, name, PARTITIONS)
    return name


@pytest.fixture
def log(kafka_bootstrap: str, prefix: str) -> Iterator[Log]:
    with open_log(f"kafka:{kafka_bootstrap}/{prefix}", partitions=PARTITIONS) as opened:
        yield opened


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  Programs of our own page.
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=2 * RUN_MAX_S,
        check=False,
    )


def run_python(name: str, arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    body = programs()[name]
    if name == "status.py":
        # A busy broker may take longer than a reader of the page would wait.
        body, count = re.subn(r"events\(\d+\)", f"events({RUN_MAX_S})", body)
        assert count == 1, f"status.py says events(SECONDS) {count} times, expected once"
    (folder / name).write_text(body)
    return run([sys.executable, name, *arguments], folder)


def published(log: Log, partition: int) -> Record:
    reader = log.reader("orders", partition)
    end_s = time.monotonic() + RUN_MAX_S
    while time.monotonic() < end_s:
        for record in reader.read(10):
            return record
        log.wait(0.1)
    raise AssertionError("nothing on the partition of the key")


def is_order_of(record: Record, source: str, side: Side, qty: int) -> bool:
    order = decode("orders", record.value)
    headers = dict(record.headers)
    return (
        isinstance(order, OrderSubmitted)
        and (order.source, order.side, order.order_qty) == (source, side, qty)
        and record.key == b"XXX"
        and headers["source"] == source.encode()
        and headers["number"].isdigit()
    )


@pytest.mark.kafka
def test_an_order_published_from_python_is_where_the_engine_reads_it(
    kafka_bootstrap: str, prefix: str, log: Log, whole_schemas: Path, tmp_path: Path
) -> None:
    arguments = [kafka_bootstrap, prefix, str(whole_schemas), "A1"]
    done = run_python("publish.py", arguments, tmp_path)
    shard = partition_of(b"XXX", PARTITIONS)
    assert done.stdout == f"partition {shard}\n", done.stderr
    assert is_order_of(published(log, shard), "OMS-1", Side.BUY, 500)


@pytest.mark.kafka
def test_an_order_published_from_java_is_where_the_engine_reads_it(
    kafka_bootstrap: str, prefix: str, log: Log, tmp_path: Path
) -> None:
    javac, java = shutil.which("javac"), shutil.which("java")
    if not javac or not java:
        kafka_broker.refuse("no Java compiler for the page's program; install a JDK 17 or newer")
    classpath = f"{local.fetch_jars()}/*"
    (tmp_path / "Publish.java").write_text(programs()["Publish.java"])
    compiled = run([javac, "-cp", classpath, "-d", "out", "Publish.java"], tmp_path)
    assert compiled.returncode == 0, compiled.stderr
    arguments = [kafka_bootstrap, prefix, "B1"]
    done = run([java, "-cp", f"out:{classpath}", "Publish", *arguments], tmp_path)
    shard = partition_of(b"XXX", PARTITIONS)
    assert f"partition {shard}\n" in done.stdout, done.stderr
    assert is_order_of(published(log, shard), "OMS-2", Side.SELL, 200)


def answer(log: Log, event: OrderAccepted | OrderRejected, fill: FillAllocated | None) -> None:
    """What a shard would commit: its answer, and a fill."""
    shard = partition_of(b"XXX", PARTITIONS)
    leases = log.leases("upstream-test", [shard])
    end_s = time.monotonic() + RUN_MAX_S
    gained = leases.poll(1).gained
    while not gained and time.monotonic() < end_s:
        gained = leases.poll(1).gained
    (lease,) = gained
    writer = log.writer(lease)
    at_ms = time.time_ns() // 1_000_000
    records = {"ingest": [NewRecord(shard, at_ms, b"XXX", (), encode(event))]}
    if fill:
        records["allocations"] = [NewRecord(shard, at_ms, b"XXX", (), encode(fill))]
    writer.commit(records)
    writer.close()
    leases.close()


def accepted(record: Record) -> OrderAccepted:
    order = decode("orders", record.value)
    shared = set(OrderSubmitted.__dataclass_fields__) & set(OrderAccepted.__dataclass_fields__)
    given = {name: getattr(order, name) for name in shared}
    given |= {"start_ns": 0, "end_ns": 1, "max_participation_ppm": 1}
    given |= {"crossing_consent": False, "currency": "USD"}
    return OrderAccepted(
        seq=17, at_ns=1, cause="orders:0", arrival_mid_px=None, value_px=0, **given
    )


@pytest.mark.kafka
def test_its_status_comes_back(
    kafka_bootstrap: str, prefix: str, log: Log, whole_schemas: Path, tmp_path: Path
) -> None:
    arguments = [kafka_bootstrap, prefix, str(whole_schemas), "A1"]
    run_python("publish.py", arguments, tmp_path)
    shard = partition_of(b"XXX", PARTITIONS)
    fill = FillAllocated(
        seq=40,
        at_ns=2,
        cause="venue-reports:0",
        fill_id=f"{shard}-39",
        parent_id=f"{shard}-20",
        epoch=1,
        last_qty=300,
        last_px=157_250_000_000,
        order_ids=(f"{shard}-17",),
        shares_qty=(300,),
        error_qty=0,
        child_epoch=1,
        other_order_ids=(),
        other_shares_qty=(),
    )
    answer(log, accepted(published(log, shard)), fill)
    done = run_python("status.py", arguments, tmp_path)
    assert done.stdout.splitlines() == [f"accepted as {shard}-17", "300 filled at 157.25"], (
        done.stderr
    )


@pytest.mark.kafka
def test_a_refusal_comes_back_with_its_reason(
    kafka_bootstrap: str, prefix: str, log: Log, whole_schemas: Path, tmp_path: Path
) -> None:
    refusal = OrderRejected(
        seq=3,
        at_ns=1,
        cause="orders:0",
        source="OMS-1",
        cl_ord_id="A1",
        client_id="C1",
        instrument_id="XXX",
        reason=RejectReason.UNKNOWN_CLIENT,
        text="C1 has no mandate",
        asked_notional_cur=0,
        asked_currency="",
    )
    answer(log, refusal, None)
    arguments = [kafka_bootstrap, prefix, str(whole_schemas), "A1"]
    done = run_python("status.py", arguments, tmp_path)
    assert done.returncode == 1
    assert "refused: UNKNOWN_CLIENT: C1 has no mandate" in done.stderr
