"""Records of topics that the policy wants signed: a stranger's are refused before any stage."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pipeline import desk, in_process, proof, short_day
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    SOURCE,
    Raw,
    World,
    amend,
    an,
    at_once,
    cancel,
    day_closed,
    day_opened,
    instrument,
    kill,
    make,
    market,
    order,
    policy,
    px,
    quote,
    risk_limit,
)

from engine.audit import counterfactual
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core import events as e
from engine.gateways.allotter.ledger import Ledger
from engine.gateways.venues.children import Child
from engine.gateways.venues.kill_file import KillFile
from engine.gateways.venues.permission import Permission
from engine.gateways.venues.reading import read_event
from engine.gateways.venues.start import in_force_of
from engine.log import codec, open_log, signatures
from engine.log.headers import sender_of
from engine.log.port import INPUT_TOPICS, Log, NewRecord, Record
from engine.log.signatures import SignedLog
from engine.runtime.first_batches import control_facts

UNSIGNED, WRONG = e.InputReason.UNSIGNED, e.InputReason.WRONG_SIGNATURE
METAORDER = Path(sys.executable).with_name("metaorder")


def keypair(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


OMS, OTHER_OMS, DESK, FEED, VENUE, NEXT, FORGER = map(keypair, range(1, 8))
PERSON = "desk"
Spoil = Callable[[Record], Record]


def whole(record: Record) -> Record:
    return record


def public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def writer_key(writer: str, key: Ed25519PrivateKey, *topics: str, **said: Any) -> e.WriterKeySet:  # noqa: ANN401
    said = {"from_day": 0, "revoked": False, "set_by": PERSON, "set_ns": 1, **said}
    return e.WriterKeySet(writer=writer, topics=topics, public_key=public(key), **said)


@dataclass
class SigningWorld(World):
    """A world whose inputs are signed by the present writer's key, and spoilt afterwards."""

    key: Ed25519PrivateKey | None = None
    spoil: Spoil = whole

    def by(self, key: Ed25519PrivateKey | None, spoil: Spoil = whole) -> Self:
        self.key, self.spoil = key, spoil
        return self

    def _record(self, topic: str, one: Any) -> Record:  # noqa: ANN401
        record = super()._record(topic, one)
        if self.key is not None:
            made = NewRecord(0, 0, record.key, record.headers, record.value)
            record = record._replace(headers=signatures.signed(topic, made, self.key).headers)
        return self.spoil(record)


def said_by(writer: str, control: Any) -> Raw:  # noqa: ANN401  Any control or definition.
    """The record of a writer; the person of a control is the writer, if it names none."""
    if getattr(control, "set_by", None) == "":
        control = replace(control, set_by=writer)
    return Raw(codec.topic_of(control), codec.encode(control), None, writer)


KEYS = (
    writer_key(SOURCE, OMS, "orders"),
    writer_key("T2", OTHER_OMS, "orders"),
    writer_key(PERSON, DESK, "controls", "reference"),
    writer_key(LIT, VENUE, "venue-reports", "market-data"),
    writer_key(OTHER_LIT, FEED, "market-data"),
)


def signed_day() -> SigningWorld:
    """A day at work; from now on every topic is signed."""
    morning = (replace(x, set_ns=OPEN_NS) if isinstance(x, e.DayOpened) else x for x in market())
    world = SigningWorld().given(*morning, quote(OTHER_LIT))
    return world.given(*(said_by(PERSON, x) for x in (*KEYS, policy(signed_topics=INPUT_TOPICS))))


def with_header(name: str, value: bytes) -> Spoil:
    def spoil(record: Record) -> Record:
        kept = tuple(header for header in record.headers if header[0] != name)
        return record._replace(headers=((name, value), *kept))

    return spoil


def with_value(one: Any) -> Spoil:  # noqa: ANN401  Any event.
    return lambda record: record._replace(value=codec.encode(one))


def with_short_signature(record: Record) -> Record:
    *kept, (name, made) = record.headers
    return record._replace(headers=(*kept, (name, made[:-1])))


def signed_for(topic: str) -> Spoil:
    """The signature of the same bytes in another topic."""

    def spoil(record: Record) -> Record:
        made = NewRecord(0, 0, record.key, record.headers, record.value)
        return record._replace(headers=signatures.signed(topic, made, DESK).headers)

    return spoil


def report(**said: Any) -> e.ExecutionReported:  # noqa: ANN401
    found: e.ExecutionReported = make(
        e.ExecutionReported,
        **{"venue": LIT, "instrument_id": INSTRUMENT, "child_id": "0-1", "exec_id": "E1", **said},
    )
    return found


class Forgery(NamedTuple):
    """A record, the key that signs it, and what is done to it afterwards."""

    name: str
    record: Any
    key: Ed25519PrivateKey | None
    reason: e.InputReason
    words: str
    spoil: Spoil = whole


LIMIT = said_by(PERSON, risk_limit(max_order_qty=10**9))
STOP = said_by(PERSON, kill())
MISDEFINED = said_by(PERSON, instrument(lot_qty=7))
FORGERIES = [
    Forgery("an order without a signature", order("F"), None, UNSIGNED, f"'{SOURCE}' is not"),
    Forgery("a cancel without one", cancel(), None, UNSIGNED, "orders is signed"),
    Forgery("bytes without one", Raw("orders", b"?"), None, UNSIGNED, "orders is signed"),
    Forgery("a fill without one", report(), None, UNSIGNED, f"'{LIT}' is not"),
    Forgery("a stop without one", STOP, None, UNSIGNED, "controls is signed"),
    Forgery("a limit without one", LIMIT, None, UNSIGNED, f"'{PERSON}' is not"),
    Forgery("a definition without one", MISDEFINED, None, UNSIGNED, "reference is signed"),
    Forgery("a quote without one", quote(OTHER_LIT), None, UNSIGNED, "market-data is signed"),
    Forgery("a control that cannot be read", Raw("controls", b"?", None, PERSON), None, UNSIGNED,
            "controls is signed"),
    Forgery("no writer at all", Raw("orders", codec.encode(order("F")), source=None), OMS, WRONG,
            "it has no key in force"),
    Forgery("a forger's key", order("F"), FORGER, WRONG, "not that of the key in force"),
    Forgery("another source's key", order("F"), OTHER_OMS, WRONG, "not that of the key in force"),
    Forgery("a source without a key", order("F", source="T3"), FORGER, WRONG, "no key in force"),
    Forgery("another source in the body", Raw("orders", codec.encode(order("F")), source="T2"),
            OTHER_OMS, WRONG, f"it is '{SOURCE}''s by its own word, and 'T2' has signed it"),
    Forgery("another person in set_by", said_by(PERSON, risk_limit(set_by="alice")), DESK, WRONG,
            "it is 'alice''s by its own word"),
    Forgery("a control without a number", STOP._replace(number=-1), DESK, WRONG,
            "it has no number, and could be sent again"),
    Forgery("a source's key for a control", said_by(SOURCE, kill()), OMS, WRONG,
            "no key in force"),
    Forgery("a feed's key for a fill", report(venue=OTHER_LIT), FEED, WRONG, "no key in force"),
    Forgery("another venue's key for a quote", quote(OTHER_LIT), VENUE, WRONG, "not that of"),
    Forgery("another order under the signature", order("G"), OMS, WRONG, "not that of",
            with_value(order("F", 10**6))),
    Forgery("another number under it", order("F"), OMS, WRONG, "not that of",
            with_header("number", b"99")),
    Forgery("one more header under it", order("F"), OMS, WRONG, "not that of",
            with_header("more", b"")),
    Forgery("another key of the record under it", order("F"), OMS, WRONG, "not that of",
            lambda record: record._replace(key=b"MSFT")),
    Forgery("a signature for another topic", STOP, None, WRONG, "not that of",
            signed_for("reference")),
    Forgery("a part of a signature", order("F"), OMS, WRONG, "not that of", with_short_signature),
    Forgery("an order of an earlier day", order("F", received_ns=1), OMS, WRONG,
            "received_ns is 1, before the day was opened"),
    Forgery("an amend of an earlier day", amend(order_qty=1, received_ns=1), OMS, WRONG,
            "of an earlier day"),
]  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES, ids=[forgery.name for forgery in FORGERIES])
def test_a_forgery_is_refused_before_any_stage_and_stops_nobody(forgery: Forgery) -> None:
    world = signed_day()
    before = (world.state.reference, world.state.controls.limits, list(world.book().quotes))
    world.by(forgery.key, forgery.spoil).when(forgery.record)

    world.then(an(e.InputRejected, reason=forgery.reason))
    assert forgery.words in world.the(e.InputRejected).text
    consumed = [r for records in world.batches[-1].inputs.values() for r in records]
    buried = [record.value for record in world.batches[-1].sealed.records["dlq"]]
    assert buried == [record.value for record in consumed], "its bytes are kept"
    after = (world.state.reference, world.state.controls.limits, list(world.book().quotes))
    assert after == before
    assert not world.state.suspended
    assert not world.state.controls.killed
    world.by(OMS).when(at_once("good")).then_some(e.OrderAccepted, e.ChildRouted)
    assert world.folded().state == world.state


HONEST = [
    ("an order", order("o9"), OMS, e.OrderAccepted),
    ("an order of another source", order("o9", source="T2"), OTHER_OMS, e.OrderAccepted),
    ("a stop", STOP, DESK, e.ControlApplied),
    ("a control without set_by", said_by(PERSON, day_closed()), DESK, e.PositionsCarried),
]


@pytest.mark.parametrize(("name", "record", "key", "answer"), HONEST, ids=[x[0] for x in HONEST])
def test_a_signed_record_is_taken(
    name: str,
    record: Any,  # noqa: ANN401  Any input.
    key: Ed25519PrivateKey,
    answer: type,
) -> None:
    world = signed_day().by(key).when(record)
    world.then_no(e.InputRejected)
    world.then_some(answer)
    assert world.folded().state == world.state, name


def test_signed_quotes_and_definitions_are_taken() -> None:
    world = signed_day().by(FEED).when(quote(OTHER_LIT, bid_qty=7_700))
    assert world.book().quotes[OTHER_LIT].bid_qty == 7_700
    world.by(DESK).when(MISDEFINED).then_no(e.InputRejected)
    assert world.state.reference.instruments[INSTRUMENT].lot_qty == 7


def test_a_topic_that_is_not_signed_takes_what_has_a_signature_or_none() -> None:
    world = SigningWorld().given(*market())
    world.given(*(said_by(PERSON, x) for x in (*KEYS, policy(signed_topics=("controls",)))))
    world.when(order("o1")).then_some(e.OrderAccepted)
    world.by(FORGER).when(order("o2")).then_some(e.OrderAccepted)


# ----------------------------------------------------------------------------------- again, later


def test_a_signed_record_that_is_sent_again_trades_once() -> None:
    world = signed_day().by(OMS).when(at_once())
    accepted = world.all_of(e.OrderAccepted)
    world.resend().then_no(e.OrderAccepted, e.ChildRouted)
    assert len(accepted) == 1
    world.by(DESK).when(STOP).when(said_by(PERSON, kill(engaged=False)))
    world.resend(back=2).then(an(e.ControlIgnored, reason=e.IgnoreReason.RESENT))
    assert not world.state.controls.killed


def test_an_order_of_yesterday_is_no_order_of_today() -> None:
    """Its signature is good and its id is new again; its time is of the day before."""
    world = signed_day().by(OMS).when(order("o1"))
    yesterdays = len(world.rounds)
    world.by(DESK).at(CLOSE_NS, said_by(PERSON, day_closed()))
    open_ns = CLOSE_NS + 16 * HOUR
    opened = day_opened(DAY + 1, open_ns, set_ns=open_ns - HOUR)
    world.by(DESK).at(open_ns, said_by(PERSON, opened)).then_no(e.InputRejected)
    world.resend(back=len(world.rounds) - yesterdays + 1)
    world.then(an(e.InputRejected, reason=WRONG, source=SOURCE))
    today = order("o2", received_ns=open_ns - HOUR - 4 * SECOND)
    world.by(OMS).when(today).then_some(e.OrderAccepted)
    assert world.folded().state == world.state


def test_a_signed_cancel_that_waited_through_the_night_ends_its_order() -> None:
    """The controls of the morning are taken first, so that the day is open when it comes."""
    resting = order("o1", limit_px=px(99), time_in_force=e.TimeInForce.GTC)
    world = signed_day().by(OMS).given(resting).by(DESK).at(CLOSE_NS, said_by(PERSON, day_closed()))
    open_ns = CLOSE_NS + 16 * HOUR
    opened = day_opened(DAY + 1, open_ns, set_ns=open_ns - HOUR)
    world.at(open_ns, said_by(PERSON, opened))
    world.by(OMS).when(cancel("o1", received_ns=CLOSE_NS + HOUR)).then_no(e.InputRejected)
    world.then_some(e.OrderCancelled)
    assert world.folded().state == world.state


# ------------------------------------------------------------------------------------ dated keys


def adopted(*controls: e.WriterKeySet) -> SigningWorld:
    return signed_day().by(DESK).given(*(said_by(PERSON, control) for control in controls))


def is_taken(world: SigningWorld, key: Ed25519PrivateKey, name: str) -> bool:
    world.by(key).when(order(name, received_ns=max(NOW_NS, world.now_ns)))
    return bool(world.all_of(e.OrderAccepted))


def test_a_key_of_a_coming_day_is_in_force_from_its_opening_on() -> None:
    world = adopted(writer_key(SOURCE, NEXT, "orders", from_day=DAY + 1))
    assert is_taken(world, OMS, "a")
    assert not is_taken(world, NEXT, "b")
    world.by(DESK).at(CLOSE_NS, said_by(PERSON, day_closed()))
    open_ns = CLOSE_NS + 16 * HOUR
    world.at(open_ns, said_by(PERSON, day_opened(DAY + 1, open_ns, set_ns=open_ns)))
    assert not is_taken(world, OMS, "c")
    assert is_taken(world, NEXT, "d")
    assert world.folded().state == world.state


def test_a_key_at_once_replaces_the_earlier_one_for_its_topics() -> None:
    world = adopted(writer_key(SOURCE, NEXT, "orders"))
    assert not is_taken(world, OMS, "a")
    assert is_taken(world, NEXT, "b")
    world = adopted(writer_key(SOURCE, NEXT, "controls"))
    assert is_taken(world, OMS, "a"), "another topic's key replaces none"


def test_a_revoked_key_is_gone_at_once_and_its_topic_stays_closed() -> None:
    world = adopted(writer_key(SOURCE, OMS, "orders", revoked=True))
    assert not is_taken(world, OMS, "a")
    world.by(None).when(order("b")).then(an(e.InputRejected, reason=UNSIGNED))
    world.by(DESK).given(said_by(PERSON, writer_key(SOURCE, OMS, "orders")))
    assert is_taken(world, OMS, "c"), "a key may be adopted again"


def test_a_writer_keeps_its_newest_eight_keys() -> None:
    keys = [writer_key(SOURCE, keypair(100 + n), "orders", from_day=DAY + n) for n in range(9)]
    world = adopted(*keys)
    assert world.state.controls.writer_keys[SOURCE] == tuple(keys[1:])


WRONG_KEYS = [
    ({"public_key": "ab"}, "public_key of WriterKeySet is 'ab'"),
    ({"public_key": "G" * 64}, "lower-case hexadecimal digits"),
    ({"topics": ("fills",)}, "topics of WriterKeySet"),
    ({"topics": ("orders", "orders")}, "each once"),
    ({"from_day": 7}, "from_day of WriterKeySet is 7, expected a day as yyyymmdd, or 0"),
    ({"writer": ""}, "writer of WriterKeySet"),
]


@pytest.mark.parametrize(("said", "words"), WRONG_KEYS)
def test_an_impossible_key_is_refused_by_its_field(said: dict[str, Any], words: str) -> None:
    world = SigningWorld().given(*market())
    world.when(said_by(PERSON, replace(KEYS[0], **said))).then_some(e.InputRejected)
    assert words in world.the(e.InputRejected).text
    assert not world.state.controls.writer_keys


# ------------------------------------------------------------------- who reads controls besides


def as_read(world: SigningWorld, raw: Raw) -> tuple[Record, Any]:
    record = world._record(raw.topic, raw)  # noqa: SLF001  A record that no shard gets.
    return record, read_event(raw.topic, record)


def test_a_gateway_obeys_no_stop_and_no_release_of_a_stranger(tmp_path: Path) -> None:
    permission = Permission(KillFile(tmp_path / "kill"))
    writing = SigningWorld()

    def take(raw: Raw) -> bool:
        record, event = as_read(writing, raw)
        if permission.is_of_stranger(record, event):
            return False
        return permission.apply(event, record.position, sender_of(record.headers))

    closed = policy(signed_topics=("controls",))
    for control in (day_opened(), *KEYS, closed):
        assert take(said_by(PERSON, control))
    assert not take(STOP)
    assert not take(Raw("controls", b"?", None, PERSON)), "which would be a lost control"
    child = Child("0-1", make(e.ChildRouted, send_before_ns=NOW_NS, venue=LIT))
    assert permission.refusal(child, NOW_NS) == ""
    writing.by(DESK)
    assert take(STOP)
    writing.by(FORGER)
    assert not take(said_by(PERSON, kill(engaged=False)))
    assert permission.refusal(child, NOW_NS) == "the kill switch is engaged"
    assert permission.position == writing._positions["controls"] - 1  # noqa: SLF001  It has read all.


def test_keys_and_policy_reach_a_gateway_that_starts_and_a_log_that_goes_on(
    tmp_path: Path,
) -> None:
    world = signed_day().by(DESK).at(CLOSE_NS, said_by(PERSON, day_closed()))
    permission = Permission(KillFile(tmp_path / "kill"))
    permission.restore(in_force_of([world.state], 9))
    writing = SigningWorld()
    assert permission.is_of_stranger(*as_read(writing, STOP))
    assert not permission.is_of_stranger(*as_read(writing.by(DESK), STOP))

    facts = [*control_facts(world.state.controls, [], NOW_NS)]
    assert facts[-1] == world.state.controls.policy, "the keys come before the rule"
    keys = [fact for fact in facts if isinstance(fact, e.WriterKeySet)]
    assert {key.public_key for key in keys} == {key.public_key for key in KEYS}
    assert {key.from_day for key in keys} == {0}, "in a log without a day they are in force at once"


def test_an_allotter_divides_no_limit_of_a_stranger() -> None:
    ledger = Ledger("run", 2, NOW_NS)
    writing = SigningWorld()
    for control in (*KEYS, policy(signed_topics=("controls",))):
        ledger.follow_control(as_read(writing, said_by(PERSON, control))[0])
    limit = said_by(PERSON, risk_limit(max_day_notional_cur=5))
    ledger.follow_control(as_read(writing, limit)[0])
    assert not ledger.accounts
    ledger.follow_control(as_read(writing.by(DESK), limit)[0])
    assert [account.limit_cur for account in ledger.accounts.values()] == [5]


# -------------------------------------------------------------------------- a log, and its commands


def metaorder(*line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  Our own command.
        [METAORDER, *line], env=environ, capture_output=True, text=True, check=False
    )


def test_commands_sign_and_a_log_with_strangers_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    monkeypatch.setenv("METAORDER_PARTITIONS", "2")
    monkeypatch.setenv("METAORDER_LOG_URL", url)
    tables = []
    for writer, topics in (("OMS", ["orders"]), ("desk", ["controls", "reference"])):
        line = ["keys", "new", str(tmp_path / writer), "--writer", writer]
        for topic in topics:
            line += ["--topic", topic]
        assert execute(line) == Exit.OK
        tables.append(capsys.readouterr().out)
    (tmp_path / "keys.toml").write_text("\n".join(tables))
    closed = '[policy]\npolicy_id = "p"\nsigned_topics = ["orders", "controls", "reference"]\n'
    (tmp_path / "policy.toml").write_text(closed)
    opened = in_process.opener(url, 2)
    with opened() as log, in_process.worker(opened):
        desk.open_day(desk.Publisher(log, "desk"), ["XXX"])
        patient = ["--wait", "90"]  # It ends with the last answer.
        apply = ["controls", "apply", str(tmp_path / "policy.toml"), "--by", "desk"]
        assert execute(apply) == Exit.ERROR, "it would take no order ever again"
        words = "signed topic orders: no writer key in force of this log knows it"
        assert words in capsys.readouterr().err
        for name in ("keys.toml", "policy.toml"):
            line = ["controls", "apply", str(tmp_path / name), "--by", "desk", *patient]
            assert execute(line) == Exit.OK
        order_line = ["orders", "submit", "--source", "OMS", "--client", "C1", "--side", "buy",
                      "--instrument", "XXX", "--qty", "100", *patient]  # fmt: skip
        stop_line = ["controls", "kill", "--by", "desk", "--text", "a stop", *patient]
        monkeypatch.setenv("METAORDER_SIGNING_KEY_FILE", str(tmp_path / "OMS"))
        assert execute(order_line) == Exit.OK
        monkeypatch.setenv("METAORDER_SIGNING_KEY_FILE", str(tmp_path / "desk"))
        assert execute(stop_line) == Exit.OK
        monkeypatch.delenv("METAORDER_SIGNING_KEY_FILE")
        assert execute(["controls", "resume", "--by", "desk", *patient]) == Exit.REFUSED
        assert "UNSIGNED" in capsys.readouterr().err
        forger = SignedLog(log, FORGER)
        desk.Publisher(forger, "desk").send(desk.limit())
        in_process.until(
            lambda: len(in_process.events(log, "ingest", e.InputRejected)) == 4,
            "two shards refuse two controls",
        )
        assert len(in_process.events(log, "ingest", e.OrderAccepted)) == 1
    assert execute(["verify"]) == Exit.OK
    with opened() as log:
        for shard in range(2):
            partition = proof.partition_of(log, shard)
            rules = short_day.rules(2)
            decided = proof.decides_the_same(partition, rules)
            assert proof.same_state(proof.recovered(log, shard, rules), decided)
            assert decided.state.controls.killed


def test_a_gateways_appender_signs_too(tmp_path: Path) -> None:
    with SignedLog(open_log(f"sqlite:{tmp_path / 'log.db'}", partitions=1), VENUE) as log:
        appender = log.take_over("gateway.X", "one")
        now = NewRecord(0, 1, b"X", (("venue", LIT.encode()),), b"?")
        appender.append("venue-reports", [now])
        appender.renew()
        (found,) = proof.read_all(log, "venue-reports", 0)
        appender.close()
    assert signatures.is_signed_by(
        public(VENUE), "venue-reports", found.key, found.headers, found.value
    )


def test_a_signature_covers_each_part_in_its_place() -> None:
    """No two records have the same signed bytes, however their parts are cut."""
    parts = [
        ("orders", b"k", (("a", b"b"),), b"v"),
        ("order", b"sk", (("a", b"b"),), b"v"),
        ("orders", b"", (("a", b"b"),), b"v"),
        ("orders", None, (("a", b"b"),), b"v"),
        ("orders", b"k", (("ab", b""),), b"v"),
        ("orders", b"k", (), b"v"),
        ("orders", b"k", (("a", b"b"), ("", b"")), b"v"),
        ("orders", b"k", (("a", b"bv"),), b""),
    ]
    assert len({signatures.signed_bytes(*part) for part in parts}) == len(parts)
    assert re.match(
        rb"metaorder record 1\x00\x00\x00\x06orders", signatures.signed_bytes(*parts[0])
    )


def test_a_day_that_wants_signatures_is_played_again_without_them(tmp_path: Path) -> None:
    """What a stranger wrote is left out; the changed policy and the simulated close are taken."""
    opened = in_process.opener(f"sqlite:{tmp_path / 'log.db'}", 1)
    with opened() as log, in_process.worker(opened):
        own = desk.Publisher(SignedLog(log, DESK), PERSON)
        desk.open_day(own, ["XXX"])
        signed = replace(desk.policy(), signed_topics=("controls",))
        own.send(writer_key(PERSON, DESK, "controls"), signed)
        desk.Publisher(log, PERSON).send(desk.limit())
        own.send(signed)
        in_process.until(lambda: in_process.events(log, "ingest", e.InputRejected), "a refusal")
        in_process.until(lambda: policies_taken(log) == 3, "the last policy")
    with opened() as log:
        recorded = counterfactual.recorded_day(log, None)
    script = counterfactual.changed(recorded.script, {"strategy": "TWAP"})
    played = [timed.event for timed in (*script.before_open, *script.orders)]
    assert len([event for event in played if isinstance(event, e.RiskLimitSet)]) == 1
    with open_log(f"sqlite:{tmp_path / 'again.db'}", partitions=1) as again:
        counterfactual.play(script, short_day.rules(1), recorded.seed, again)
        assert policies_taken(again) == 3
        assert not in_process.events(again, "ingest", e.InputRejected)


def policies_taken(log: Log) -> int:
    receipts = in_process.events(log, "ingest", e.ControlApplied)
    return sum(receipt.control == "PolicySet" for receipt in receipts)
