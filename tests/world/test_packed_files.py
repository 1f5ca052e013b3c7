"""A packed file of any reader is bounded: a bomb costs a message, and neither memory nor time."""

import gzip
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from engine.gateways.files import unpacking
from engine.gateways.imports import source
from engine.gateways.imports.port import ImportFailedError
from engine.log.port import EngineError
from engine.simulation.market import data as market_data

FREE_BYTES = 100_000
BOMB_BYTES = 60_000_000


def in_gzip(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content))


def in_zstd(path: Path, content: bytes) -> None:
    path.write_bytes(pa.Codec("zstd").compress(content, asbytes=True))


def in_zip(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("quotes.csv", content)


def market_folder(path: Path) -> None:
    market_data.load(path.parent)


def importer(path: Path) -> None:
    for _ in source.lines(path):
        pass


PACKED = [
    ("a market folder", market_folder, in_gzip),
    ("an import of gzip", importer, in_gzip),
    ("an import of zstd", importer, in_zstd),
    ("an import of zip", importer, in_zip),
]
CONTENTS = [
    ("one letter", b"x" * BOMB_BYTES),
    ("empty lines", b"ts,exchange,bid,bid_size,ask,ask_size" + b"\n" * BOMB_BYTES),
]
Packer = Callable[[Path, bytes], None]


@pytest.mark.parametrize(("name", "read", "pack"), PACKED, ids=[name for name, *_ in PACKED])
@pytest.mark.parametrize("content", [x for _, x in CONTENTS], ids=[name for name, _ in CONTENTS])
def test_a_bomb_is_refused_before_it_unpacks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    read: Callable[[Path], None],
    pack: Packer,
    content: bytes,
) -> None:
    monkeypatch.setattr(unpacking, "UNPACKED_BYTES_FREE", FREE_BYTES)
    path = tmp_path / "quotes.csv.gz"
    pack(path, content)
    tracemalloc.start()
    with pytest.raises(EngineError, match="unpacks to more than 100 times its size"):
        read(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < BOMB_BYTES / 2, name


@pytest.mark.parametrize("pack", [in_gzip, in_zstd, in_zip])
def test_an_honest_file_that_packs_well_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Packer
) -> None:
    monkeypatch.setattr(unpacking, "UNPACKED_BYTES_FREE", FREE_BYTES)
    content = "".join(
        f"2018-01-02T14:31:00.{n:06}Z,N,157.1,3,157.12,{n % 7}\n" for n in range(20_000)
    )
    path = tmp_path / "quotes.csv.gz"
    pack(path, content.encode())
    assert [line for _, line in source.lines(path)] == content.splitlines()


def test_an_import_says_it_as_its_own_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "UNPACKED_BYTES_FREE", FREE_BYTES)
    in_gzip(tmp_path / "x.csv", b"\n" * BOMB_BYTES)
    with pytest.raises(ImportFailedError, match="unpack it first and give that file"):
        importer(tmp_path / "x.csv")
