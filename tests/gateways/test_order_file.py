"""Every line of an order file is in the log or kept beside the file, with its reason."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.events import OrderSubmitted
from engine.core.partition import partition_of
from engine.gateways.orders import order_file
from engine.gateways.orders.order_file import OrderFileError
from engine.log import open_log
from engine.log.codec import decode
from engine.log.port import Log, Record

HEADER = "source,cl_ord_id,client_id,instrument_id,side,order_qty,limit_px\n"
GOOD = "OMS-1,A1,C1,XXX,buy,500,157.25\n"
NOON_NS = 1_514_912_400_000_000_000


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with open_log(f"sqlite:{tmp_path / 'log.db'}") as opened:
        yield opened


def written(folder: Path, text: str | bytes, name: str = "orders.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def records(log: Log) -> list[Record]:
    return [
        record
        for number in range(log.partitions)
        for record in log.reader("orders", number).read(10_000)
    ]


def submit(log: Log, file: Path) -> order_file.Submitted:
    return order_file.submit(log, file, lambda: NOON_NS)


def test_a_row_becomes_a_record_on_the_partition_of_its_instrument(
    tmp_path: Path, log: Log
) -> None:
    assert submit(log, written(tmp_path, HEADER + GOOD)).appended == 1
    shard = partition_of(b"XXX", log.partitions)
    (record,) = log.reader("orders", shard).read(10)
    assert record.key == b"XXX"
    assert record.timestamp_ms == NOON_NS // 1_000_000
    assert dict(record.headers)["source"] == b"OMS-1"
    event = decode("orders", record.value)
    assert isinstance(event, OrderSubmitted)
    assert (event.order_qty, event.limit_px) == (500, 157_250_000_000)


def test_numbers_of_a_source_rise_over_lines_and_runs(tmp_path: Path, log: Log) -> None:
    file = written(tmp_path, HEADER + GOOD + GOOD)
    order_file.submit(log, file, lambda: NOON_NS)
    order_file.submit(log, file, lambda: NOON_NS + 1_000_000)
    numbers = [int(dict(x.headers)["number"]) for x in records(log)]
    assert numbers == sorted(set(numbers))


def test_json_lines_keep_their_decimals_exact(tmp_path: Path, log: Log) -> None:
    row = (
        '{"source":"S","cl_ord_id":"1","client_id":"C","instrument_id":"X","side":"SELL",'
        '"order_qty":100,"limit_px":0.000000001,"excluded_venues":["Z"],"no_dark":true}\n'
    )
    submit(log, written(tmp_path, row, "orders.jsonl"))
    (record,) = records(log)
    assert decode("orders", record.value).limit_px == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("OMS-1,A1,C1,XXX,buy,many,157.25", "order_qty: found 'many'"),
        ("OMS-1,A1,C1,XXX,buy,99999999999999999999,1", "order_qty: found '99999999999999999999'"),
        ("OMS-1,A1,C1,XXX,buy", "found 5 cells, expected 7"),
        ('OMS-1,"A1,C1,XXX,buy,500,1', "not CSV"),
        ("OMS-1,A1,C1,XXX,hold,500,1", "side: found 'HOLD'"),
        (b"OMS-1,\xff,C1,XXX,buy,500,1", "not UTF-8 at byte 6"),
        ("OMS-1," + "x" * 70_000, "expected 65536 at most"),
    ],
)
def test_a_malformed_row_is_named_by_its_line_and_kept(
    tmp_path: Path, log: Log, line: str | bytes, words: str
) -> None:
    raw = line.encode() if isinstance(line, str) else line
    file = written(tmp_path, HEADER.encode() + GOOD.encode() + raw + b"\n" + GOOD.encode())
    done = submit(log, file)
    assert done.appended == len(records(log)) == 2
    (rejected,) = done.rejected
    assert rejected.number == 3
    assert words in rejected.error
    assert done.rejects_file
    kept = orjson.loads(done.rejects_file.read_bytes())
    assert kept["line"] == 3
    assert kept["text"] == raw.decode(errors="backslashreplace")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[]", "one JSON object"),
        ('{"order_qty": NaN}', "NaN is no number"),
        ("[" * 60_000, "not JSON"),
        ('{"source": "S"}', "missing"),
        ('{"order_qty": ' + "9" * 5_000 + "}", "not JSON"),
    ],
)
def test_a_malformed_json_line_is_named(tmp_path: Path, log: Log, line: str, words: str) -> None:
    done = submit(log, written(tmp_path, "\n" + line + "\n", "orders.jsonl"))
    assert done.appended == 0
    assert done.rejected[0].number == 2
    assert words in done.rejected[0].error


def test_business_nonsense_is_sent_for_the_engine_to_refuse(tmp_path: Path, log: Log) -> None:
    done = submit(log, written(tmp_path, HEADER + "OMS-1,A1,NOBODY,NO-SUCH,buy,-5,0.0001\n"))
    assert (done.appended, done.rejected, done.rejects_file) == (1, (), None)


def test_a_corrected_file_leaves_no_rejects_behind(tmp_path: Path, log: Log) -> None:
    file = written(tmp_path, HEADER + "?\n")
    assert submit(log, file).rejects_file
    written(tmp_path, HEADER + GOOD)
    submit(log, file)
    assert not order_file.rejects_file(file).exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty, expected a header"),
        ("source,colour\n", "unknown columns 'colour'"),
        ("source,side\n", "no column cl_ord_id, instrument_id"),
        ("source,source,cl_ord_id,instrument_id\n", "appear twice"),
        (b"\xff\xfa\n", "not UTF-8"),
        ('"source\n', "line 1"),
    ],
)
def test_a_wrong_header_refuses_the_file(
    tmp_path: Path, log: Log, text: str | bytes, words: str
) -> None:
    with pytest.raises(OrderFileError, match=words):
        submit(log, written(tmp_path, text))
    assert records(log) == []


def test_a_missing_file_is_named(tmp_path: Path, log: Log) -> None:
    with pytest.raises(OrderFileError, match=r"none\.csv: cannot be read"):
        submit(log, tmp_path / "none.csv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@for_all(st.lists(st.binary(max_size=60).map(lambda x: x.replace(b"\n", b""))))
def test_no_line_is_lost_whatever_it_holds(tmp_path: Path, lines: list[bytes]) -> None:
    file = written(tmp_path, HEADER.encode() + b"".join(x + b"\n" for x in lines) + GOOD.encode())
    *found, last = order_file.read(file)
    assert (last.number, last.error) == (len(lines) + 2, "")
    shown = {line.number for line in found}
    for number, line in enumerate(lines, 2):
        try:
            blank = not line.decode().strip()
        except UnicodeDecodeError:
            blank = False
        assert (number in shown) != blank
    assert all(bool(x.error) == (x.ticket is None) for x in found)
