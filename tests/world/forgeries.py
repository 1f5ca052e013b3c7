"""A secured broker with a day at work on it, and the forgeries that are tried against both.

A forgery is whole and true to its form: only its writer is wrong. Each returns the reason that the
broker gives for refusing it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import kafka_broker
import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pipeline import desk, in_process, proof

from engine.core import events as e
from engine.log import codec, open_log
from engine.log.kafka import access, topics
from engine.log.kafka.client import Cluster, error_of
from engine.log.kafka.writer import fencing
from engine.log.port import SHARED_TOPICS, EngineError, Log
from engine.log.security import Security
from infra.kafka import local, secured

PREFIX = "firm"
PARTITIONS = 2
WAIT_S = 60.0
INSTRUMENT = "XXX"


class Broker:
    def __init__(self, folder: Path) -> None:
        self.place = secured.Place(folder)
        port = local.free_ports(3)
        try:
            self.bootstrap = secured.start(folder, port)
        except local.LocalKafkaError as error:
            kafka_broker.refuse(str(error))
        self.certificates_bootstrap = f"{local.HOST}:{port + 1}"

    @property
    def url(self) -> str:
        return f"kafka:{self.bootstrap}/{PREFIX}"

    def scram(self, user: str, **more: Any) -> Security:  # noqa: ANN401  Any of its fields.
        base = Security(
            security_protocol="SASL_SSL",
            ca_file=self.place.authority,
            sasl_mechanism="SCRAM-SHA-512",
            username=user,
            password_file=self.place.password(user),
        )
        return replace(base, **more)

    def token(self, path: Path) -> Security:
        return Security(
            security_protocol="SASL_SSL",
            ca_file=self.place.authority,
            sasl_mechanism="OAUTHBEARER",
            token_file=path,
        )

    def certificate(self, user: str) -> Security:
        return Security(
            security_protocol="SSL",
            ca_file=self.place.authority,
            certificate_file=self.place.certificate(user),
            key_file=self.place.key(user),
        )

    def log(self, user: str) -> Log:
        return open_log(self.url, partitions=PARTITIONS, security=self.scram(user))

    def cluster(self, user: str) -> Cluster:
        return Cluster.secured(self.bootstrap, PREFIX, self.scram(user))


FORGED = "FORGED"


class Day:
    """A worker at work, and the log as an auditor reads it."""

    def __init__(self, broker: Broker, log: Log, running: in_process.Running) -> None:
        self.broker = broker
        self.log = log
        self.running = running
        self.before = self.counts()

    def counts(self) -> dict[str, int]:
        """The records of the topics that nothing honest writes to meanwhile."""
        quiet = ("market-data", "reference", "controls", "venue-reports")
        return {topic: sum(map(len, self.records(topic))) for topic in quiet}

    def records(self, topic: str) -> list[list[Any]]:
        shards = 1 if topic in SHARED_TOPICS else PARTITIONS
        return [proof.read_all(self.log, topic, shard) for shard in range(shards)]

    def newest(self, topic: str) -> bytes:
        value: bytes = next(rs[-1].value for rs in self.records(topic) if rs)
        return value

    def accepted(self, name: str) -> bool:
        found = in_process.events(self.log, "ingest", e.OrderAccepted)
        return name in {event.cl_ord_id for event in found}

    def order(self, name: str) -> None:
        with self.broker.log("upstream") as log:
            desk.Publisher(log, desk.OMS).send(desk.order(name, INSTRUMENT))
        in_process.until(lambda: self.accepted(name), f"{name} is accepted", self.running)


def forged_order() -> e.OrderSubmitted:
    return desk.order(FORGED, INSTRUMENT, client_id="C1", order_qty=5_000)


def forged_fill() -> e.ExecutionReported:
    return e.ExecutionReported(
        venue=desk.VENUES[0],
        instrument_id=INSTRUMENT,
        child_id=FORGED,
        exec_id=FORGED,
        exec_type=e.ExecType.TRADE,
        last_qty=100,
        last_px=desk.MID_PX,
        cum_qty=100,
        leaves_qty=0,
        liquidity=e.Liquidity.REMOVED,
        text=FORGED,
        session_day=desk.DAY,
        transact_ns=1,
        received_ns=1,
    )


def forged_control() -> e.KillSwitchSet:
    return e.KillSwitchSet(
        scope=e.ControlScope.FIRM, scope_id="", engaged=True, set_by="desk", text=FORGED, set_ns=1
    )


def forged_limit() -> e.RiskLimitSet:
    return replace(desk.limit(), max_order_qty=10**12)


def forged_reference() -> e.InstrumentDefined:
    made = next(x for x in desk.reference([FORGED]) if isinstance(x, e.InstrumentDefined))
    return replace(made, instrument_id=INSTRUMENT, symbol=FORGED)


Forgery = Callable[[Day, Path], str]  # Returns the broker's reason for refusing it.


def produced(settings: dict[str, Any], topic: str, value: bytes, key: str = INSTRUMENT) -> str:
    """The name of the error that the producer is given; empty if the broker took the record."""
    told: list[str] = []
    settings["error_cb"] = lambda error: told.append(error.name())
    producer = Producer({**settings, "message.timeout.ms": int(WAIT_S * 1000), "log_level": 0})
    taken: list[str] = []

    def on_delivery(error: Any, _: object) -> None:  # noqa: ANN401  None, or an error.
        taken.append(error.name() if error else "")

    headers: Any = [("source", desk.OMS.encode()), ("number", b"1")]
    producer.produce(
        f"{PREFIX}.{topic}", value, key.encode(), 0, on_delivery=on_delivery, headers=headers
    )
    deadline_s = time.monotonic() + WAIT_S
    while not taken and not told:
        assert time.monotonic() < deadline_s, "the broker neither takes nor refuses it"
        producer.poll(0.1)
    producer.purge()
    return (taken or told)[0]


def written_by(user: str, topic: str, event: Any) -> Forgery:  # noqa: ANN401  Any input.
    """A record that is whole and true to its form, by a user who may not write it."""

    def act(day: Day, _: Path) -> str:
        key = str(getattr(event, "instrument_id", "desk"))
        settings = day.broker.cluster(user).config()
        return produced(settings, topic, codec.encode(event), key)

    return act


def copied_by(user: str, topic: str) -> Forgery:
    """The engine's own newest record of a topic, written again by a user."""

    def act(day: Day, _: Path) -> str:
        return produced(day.broker.cluster(user).config(), topic, day.newest(topic))

    return act


def in_the_clear(day: Day, _: Path) -> str:
    settings: dict[str, Any] = {"bootstrap.servers": day.broker.bootstrap}
    return produced(settings, "orders", codec.encode(forged_order()))


def without_a_name(day: Day, _: Path) -> str:
    settings: dict[str, Any] = {
        "bootstrap.servers": day.broker.bootstrap,
        "security.protocol": "SSL",
        "ssl.ca.location": str(day.broker.place.authority),
    }
    return produced(settings, "orders", codec.encode(forged_order()))


def with_a_guessed_password(day: Day, folder: Path) -> str:
    guess = folder / "guess"
    secured.write_secret(guess, b"operator")
    security = day.broker.scram("operator", password_file=guess)
    settings = Cluster.secured(day.broker.bootstrap, PREFIX, security).config()
    return produced(settings, "controls", codec.encode(forged_control()), "desk")


def with_a_token_of_ones_own(day: Day, folder: Path) -> str:
    key = rsa.generate_private_key(65_537, 2_048)
    token = folder / "token"
    made = secured.signed_token(key, "operator", int(time.time()), secured.TOKEN_VALID_S)
    secured.write_secret(token, made.encode())
    security = day.broker.token(token)
    settings = Cluster.secured(day.broker.bootstrap, PREFIX, security).config()
    return produced(settings, "controls", codec.encode(forged_limit()), "desk")


def with_a_certificate_of_ones_own(day: Day, folder: Path) -> str:
    security = replace(day.broker.certificate("worker"), **impostor(folder, "worker"))
    settings = Cluster.secured(day.broker.certificates_bootstrap, PREFIX, security).config()
    return produced(settings, "routes", day.newest("routes"))


def impostor(folder: Path, name: str) -> dict[str, Any]:
    """A certificate with somebody's name, by an authority of one's own, and its key."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = secured.certified("authority", authority_key, None, authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    made = secured.certified(name, key, authority, authority_key)
    certificate, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secured.write_secret(key_file, secured.pem(key))
    return {"certificate_file": certificate, "key_file": key_file}


def refused(act: Callable[[], object]) -> str:
    with pytest.raises((EngineError, KafkaException)) as caught:
        act()
    for kind in ("Group", "Cluster"):
        if f"{kind} authorization failed" in str(caught.value):
            return f"{kind.upper()}_AUTHORIZATION_FAILED"  # What is behind it has only timed out.
    return str(error_of(caught.value.__cause__ or caught.value).name())


def taking_a_shards_writer(day: Day, _: Path) -> str:
    cluster = day.broker.cluster("upstream")
    return refused(lambda: fencing(cluster, "0", 5_000, "opening the writer of shard 0"))


def taking_a_gateways_name(day: Day, _: Path) -> str:
    with day.broker.log("allotter") as log:
        return refused(lambda: log.take_over("gateway.PAPER", "allotter"))


def joining_the_workers(day: Day, _: Path) -> str:
    settings = day.broker.cluster("upstream").config({"group.id": f"{PREFIX}.lease"})
    consumer = Consumer(settings)
    consumer.subscribe([f"{PREFIX}.shards"])
    deadline_s = time.monotonic() + WAIT_S
    try:
        while time.monotonic() < deadline_s:
            message = consumer.poll(1)
            error = message.error() if message is not None else None
            if error is not None:
                return str(error.name())
    finally:
        consumer.close()
    raise AssertionError("the group neither takes nor refuses the member")


def giving_oneself_a_role(day: Day, _: Path) -> str:
    admin = topics.admin_of(day.broker.cluster("operator"))
    entry = access.entry_of(
        PREFIX, access.Grant(access.TOPIC, "fills", access.WRITE), "User:operator"
    )
    (answer,) = admin.create_acls([access.bound(entry)], request_timeout=WAIT_S).values()
    return refused(lambda: answer.result(WAIT_S))


def deleting_the_journal(day: Day, _: Path) -> str:
    admin = topics.admin_of(day.broker.cluster("worker"))
    (answer,) = admin.delete_topics([f"{PREFIX}.journal"], request_timeout=WAIT_S).values()
    return refused(lambda: answer.result(WAIT_S))


STRANGE = ("_TRANSPORT", "_ALL_BROKERS_DOWN", "_SSL", "_AUTHENTICATION", "_RESOLVE")
NOT_HIS = ("TOPIC_AUTHORIZATION_FAILED",)
FORGERIES: list[tuple[str, Forgery, Sequence[str]]] = [
    ("an order in the clear", in_the_clear, STRANGE),
    ("an order over TLS without a name", without_a_name, STRANGE),
    ("a stop with a guessed password", with_a_guessed_password, STRANGE),
    ("a limit with a token of one's own", with_a_token_of_ones_own, STRANGE),
    ("a route with a certificate of one's own", with_a_certificate_of_ones_own, STRANGE),
    ("an order by a gateway", written_by("venue-gateway", "orders", forged_order()), NOT_HIS),
    ("an order by a worker", written_by("worker", "orders", forged_order()), NOT_HIS),
    ("a fill by an upstream", written_by("upstream", "venue-reports", forged_fill()), NOT_HIS),
    ("a fill by a worker", written_by("worker", "venue-reports", forged_fill()), NOT_HIS),
    ("a stop by an upstream", written_by("upstream", "controls", forged_control()), NOT_HIS),
    ("a limit by a gateway", written_by("venue-gateway", "controls", forged_limit()), NOT_HIS),
    ("reference by a feed", written_by("market-data-gateway", "reference", forged_reference()),
     NOT_HIS),
    ("a route by an operator", copied_by("operator", "routes"), NOT_HIS),
    ("an answer by an upstream", copied_by("upstream", "ingest"), NOT_HIS),
    ("a seal by an auditor", copied_by("auditor", "journal"), NOT_HIS),
    ("a seal by a venue's gateway", copied_by("venue-gateway", "journal"), NOT_HIS),
    ("a shard's writer", taking_a_shards_writer, ("TRANSACTIONAL_ID_AUTHORIZATION_FAILED",)),
    ("a gateway's name", taking_a_gateways_name, ("GROUP_AUTHORIZATION_FAILED",)),
    ("a worker's place", joining_the_workers,
     ("GROUP_AUTHORIZATION_FAILED", "TOPIC_AUTHORIZATION_FAILED")),
    ("a role for oneself", giving_oneself_a_role, ("CLUSTER_AUTHORIZATION_FAILED",)),
    ("the end of the journal", deleting_the_journal, NOT_HIS),
]  # fmt: skip
