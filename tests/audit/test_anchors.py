"""Signed heads: what they prove, and that nothing but the notary's own lines counts."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from audit.stored_log import INSERT, PARTITIONS, Stored
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pipeline import short_day

from engine.audit import anchors
from engine.audit.anchors import AnchorError
from engine.audit.notary import Notary
from engine.log import open_log
from engine.log.port import JOURNAL, CorruptLogError, Log

SEED = 7
NOW_NS = 1_514_937_600_000_000_000


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("anchored")
    made = short_day.make(folder / "day", rows=60, order_count=10)
    with open_log(f"sqlite:{folder / 'log.db'}", partitions=PARTITIONS) as log:
        short_day.simulation(log, made, SEED).run()
    return folder / "log.db"


@pytest.fixture
def log(day: Path, tmp_path: Path) -> Iterator[Log]:
    path = tmp_path / "log.db"
    shutil.copy(day, path)
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as found:
        yield found


@pytest.fixture
def key(tmp_path: Path) -> Path:
    anchors.make_key(tmp_path / "notary.key")
    return tmp_path / "notary.key"


def notary(log: Log, tmp_path: Path, key: Path) -> Notary:
    return Notary(
        log, tmp_path / "anchors.jsonl", anchors.private_key(key), clock_ns=lambda: NOW_NS
    )


def signed_once(log: Log, tmp_path: Path, key: Path) -> Path:
    one = notary(log, tmp_path, key)
    one.sign_new()
    assert one.sign() == PARTITIONS
    one.close()
    return tmp_path / "anchors.jsonl"


def public(key: Path) -> Ed25519PublicKey:
    return anchors.public_key(key.with_name(key.name + ".pub"))


def test_a_notary_signs_the_head_of_each_journal(log: Log, tmp_path: Path, key: Path) -> None:
    path = signed_once(log, tmp_path, key)

    (anchor,), _ = anchors.read(path, [public(key)])

    seal = Stored(tmp_path / "log.db").rows(JOURNAL)[-1]
    assert anchor.signed_ns == NOW_NS
    assert [(head.shard, head.offset) for head in anchor.heads] == [(0, seal.offset)]


def test_an_unchanged_log_is_not_signed_again_by_a_notary_that_starts_again(
    log: Log, tmp_path: Path, key: Path
) -> None:
    signed_once(log, tmp_path, key)

    again = notary(log, tmp_path, key)
    again.sign_new()

    assert again.sign() == 0


def test_a_close_is_news(log: Log, tmp_path: Path, key: Path) -> None:
    assert notary(log, tmp_path, key).sign_new()


def test_a_notary_does_not_sign_a_seal_that_does_not_follow(
    log: Log, tmp_path: Path, key: Path
) -> None:
    stored = Stored(tmp_path / "log.db")
    last = stored.rows(JOURNAL)[-1]
    one = notary(log, tmp_path, key)
    one.sign_new()
    with stored.connection:
        stored.connection.execute(INSERT, (last.id + 2, last.position + 1, *last[2:]))

    with pytest.raises(CorruptLogError, match="does not follow"):
        one.sign_new()


def test_a_run_signs_what_came_last_before_it_ends(log: Log, tmp_path: Path, key: Path) -> None:
    one = notary(log, tmp_path, key)

    one.run(lambda _: True)

    assert len(anchors.read(tmp_path / "anchors.jsonl", [public(key)])[0]) == 1


# ------------------------------------------------------------------------- what is no anchor


def many(log: Log, tmp_path: Path, key: Path) -> Path:
    """Three lines."""
    path = signed_once(log, tmp_path, key)
    found, previous = anchors.read(path, [public(key)])
    for n in range(2):
        heads = [head._replace(batch=head.batch + n + 1) for head in found[0].heads]
        anchor = anchors.signed(anchors.private_key(key), heads, previous, NOW_NS + n)
        previous = anchors.append(path, anchor)
    return path


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_was_taken_out_is_missed(
    log: Log, tmp_path: Path, key: Path, line: int
) -> None:
    path = many(log, tmp_path, key)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))

    with pytest.raises(AnchorError, match=f"line {line + 1}: does not follow the line before"):
        anchors.read(path, [public(key)])


def test_a_line_of_another_key_does_not_count(log: Log, tmp_path: Path, key: Path) -> None:
    path = signed_once(log, tmp_path, key)
    anchors.make_key(tmp_path / "other.key")

    with pytest.raises(AnchorError, match=r"line 1: signed by key .*, which is none of the keys"):
        anchors.read(path, [public(tmp_path / "other.key")])


def test_a_line_that_was_changed_does_not_have_its_signature(
    log: Log, tmp_path: Path, key: Path
) -> None:
    path = signed_once(log, tmp_path, key)
    path.write_bytes(path.read_bytes().replace(b'"shard":0', b'"shard":1'))

    with pytest.raises(AnchorError, match="line 1: the signature is not this line's"):
        anchors.read(path, [public(key)])


@pytest.mark.parametrize("text", [b"{}\n", b"no json\n", b'{"heads":[{}]}\n'])
def test_a_line_that_is_no_anchor_is_named(tmp_path: Path, key: Path, text: bytes) -> None:
    path = tmp_path / "anchors.jsonl"
    path.write_bytes(text)

    with pytest.raises(AnchorError, match="line 1: is no anchor"):
        anchors.read(path, [public(key)])


def test_a_last_line_without_its_end_does_not_count_and_is_not_written_on(
    log: Log, tmp_path: Path, key: Path
) -> None:
    path = many(log, tmp_path, key)
    path.write_bytes(path.read_bytes()[:-10])

    assert len(anchors.read(path, [public(key)])[0]) == 2
    with pytest.raises(AnchorError, match="the last line is incomplete"):
        notary(log, tmp_path, key)


def test_anchors_that_disagree_are_named(log: Log, tmp_path: Path, key: Path) -> None:
    path = signed_once(log, tmp_path, key)
    (anchor,), previous = anchors.read(path, [public(key)])
    heads = [head._replace(chain=bytes(32)) for head in anchor.heads]
    anchors.append(path, anchors.signed(anchors.private_key(key), heads, previous, NOW_NS))

    with pytest.raises(AnchorError, match="different chains for shard 0"):
        anchors.chains(anchors.read(path, [public(key)])[0])


# ------------------------------------------------------------------------------------- keys


def test_a_key_is_never_written_over(key: Path) -> None:
    with pytest.raises(AnchorError, match="exists"):
        anchors.make_key(key)


def test_a_private_key_that_others_may_read_is_refused(key: Path) -> None:
    key.chmod(0o644)

    with pytest.raises(AnchorError, match="other users may read"):
        anchors.private_key(key)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none"
    path.write_text("none")
    path.chmod(0o600)

    with pytest.raises(AnchorError, match="no private key"):
        anchors.private_key(path)
    with pytest.raises(AnchorError, match="no public key"):
        anchors.public_key(path)
