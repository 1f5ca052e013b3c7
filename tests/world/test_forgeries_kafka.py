"""A real broker with TLS, SASL and access lists: each role does its work, and no one else's.

One broker for the whole file, and one log on it. The forgeries are tried while a worker is at work;
afterwards nothing of them is in the log, nothing was traded, and the worker goes on.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import kafka_broker
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pipeline import desk, in_process, proof, short_day

from engine.audit.status import Health, status
from engine.core import events as e
from engine.gateways import input_records
from engine.log import codec, open_log
from engine.log.kafka import access, topics
from engine.log.kafka.client import Cluster, error_of
from engine.log.kafka.writer import fencing
from engine.log.port import (
    ALL_TOPICS,
    INPUT_TOPICS,
    OUTPUT_TOPICS,
    STAGE_TOPICS,
    EngineError,
    Log,
    LogUnavailableError,
    NewRecord,
    RefusedByBrokerError,
)
from engine.log.security import Security
from infra.kafka import local, secured

pytestmark = pytest.mark.kafka
PREFIX = "firm"
PARTITIONS = 2
WAIT_S = 60.0
INSTRUMENT = "XXX"
ROLES = tuple(role for role in secured.ROLES if role != "stranger")
PRINCIPALS = {role: [role] for role in ROLES}
MAY_WRITE = {
    "upstream": {"orders"},
    "market-data-gateway": {"market-data"},
    "venue-gateway": {"venue-reports"},
    "worker": set(OUTPUT_TOPICS),
    "allotter": {"controls"},
    "auditor": set(),
    "operator": {"controls", "reference"},
    "stranger": set(),
}
MAY_READ = {
    "upstream": {"ingest", "allocations"},
    "market-data-gateway": {"controls", "reference"},
    "venue-gateway": {*INPUT_TOPICS, "routes", "journal"} - {"orders"},
    "stranger": set(),
}


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


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if not kafka_broker.has_way_by_jars():
        kafka_broker.refuse("a secured broker is started from jars: install a JDK 17 and Maven.")
    folder = tmp_path_factory.mktemp("secured")
    found = Broker(folder)
    admin = found.scram("admin")
    topics.create(found.bootstrap, PREFIX, PARTITIONS, security=admin)
    assert access.write(found.bootstrap, PREFIX, PARTITIONS, PRINCIPALS, admin) > 0
    try:
        yield found
    finally:
        local.stop(folder, secured.signal.SIGKILL)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "PATIENCE_S", WAIT_S)


# -------------------------------------------------------------------------- four ways to be known


def token_service(broker: Broker, folder: Path) -> tuple[HTTPServer, Security]:
    """A service that gives a token for an id and a secret, behind TLS, as a provider does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            token = broker.place.token("upstream").read_text().strip()
            body = f'{{"access_token":"{token}","expires_in":3600,"token_type":"Bearer"}}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """The test's output is its own."""

    server = HTTPServer((local.HOST, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(broker.place.certificate("broker"), broker.place.key("broker"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    secret = folder / "client-secret"
    secured.write_secret(secret, b"only-the-service-knows\n")
    return server, Security(
        security_protocol="SASL_SSL",
        ca_file=broker.place.authority,
        sasl_mechanism="OAUTHBEARER",
        token_url=f"https://{local.HOST}:{server.server_port}/token",
        token_ca_file=broker.place.authority,
        client_id="upstream",
        client_secret_file=secret,
    )


@contextlib.contextmanager
def known_by(way: str, broker: Broker, folder: Path) -> Iterator[tuple[str, Security]]:
    """The address and the settings by which an upstream is known."""
    if way == "mTLS":
        yield broker.certificates_bootstrap, broker.certificate("upstream")
    elif way == "token service":
        server, security = token_service(broker, folder)
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield broker.bootstrap, security
        finally:
            server.shutdown()
            serving.join(WAIT_S)
            server.server_close()
    elif way == "token file":
        yield broker.bootstrap, broker.token(broker.place.token("upstream"))
    else:
        yield broker.bootstrap, broker.scram("upstream", sasl_mechanism=way)


WAYS = ("SCRAM-SHA-512", "PLAIN", "token file", "token service", "mTLS")


@pytest.mark.parametrize("way", WAYS)
def test_every_client_of_the_log_is_known_in_each_way(
    way: str, broker: Broker, tmp_path: Path
) -> None:
    """Admin, consumer and producer; an order is written and its topic's end is read."""
    with known_by(way, broker, tmp_path) as (bootstrap, security):
        url = f"kafka:{bootstrap}/{PREFIX}"
        with open_log(url, partitions=PARTITIONS, security=security) as log:
            assert len(log.identity.log_id) == 32
            desk.Publisher(log, desk.OMS).send(desk.order(f"BY-{way}", INSTRUMENT))
            reader = log.reader("ingest", 0)
            assert log.at_ends([reader])
            with pytest.raises(RefusedByBrokerError, match="Topic authorization failed"):
                desk.Publisher(log, "desk").send(desk.limit())
    with broker.log("auditor") as log:
        sent = [r.value for n in range(PARTITIONS) for r in proof.read_all(log, "orders", n)]
    ids = [codec.decode("orders", value).cl_ord_id for value in sent]
    assert f"BY-{way}" in ids


# ------------------------------------------------------------------------ what each role may do


def written(broker: Broker, user: str, topic: str) -> bool:
    """Whether the broker takes a record; raises for any answer but that it is not allowed."""
    producer = Producer(broker.cluster(user).config({"message.timeout.ms": int(WAIT_S * 1000)}))
    refused: list[str] = []
    producer.produce(
        f"{PREFIX}-tried.{topic}",
        b"?",
        partition=0,
        on_delivery=lambda error, _: refused.append(error.name()) if error else None,
    )
    assert producer.flush(WAIT_S) == 0, "the broker does not answer"
    assert refused in ([], ["TOPIC_AUTHORIZATION_FAILED"]), refused
    return not refused


def is_read(broker: Broker, user: str, topic: str) -> bool:
    settings = broker.cluster(user).config({"group.id": f"{PREFIX}-tried.reader"})
    consumer = Consumer({**settings, "enable.partition.eof": True, "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(f"{PREFIX}-tried.{topic}", 0, 0)])
    deadline_s = time.monotonic() + WAIT_S
    try:
        while time.monotonic() < deadline_s:
            message = consumer.poll(1)
            if message is None:
                continue
            error = message.error()
            return error is None or error.name() == "_PARTITION_EOF"
    finally:
        consumer.close()
    raise AssertionError("the broker does not answer")


@pytest.fixture(scope="module")
def tried(broker: Broker) -> None:
    """Another prefix with the same roles, for records that no worker may find."""
    prefix, admin = f"{PREFIX}-tried", broker.scram("admin")
    topics.create(broker.bootstrap, prefix, PARTITIONS, security=admin)
    access.write(broker.bootstrap, prefix, PARTITIONS, PRINCIPALS, admin)


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("role", MAY_WRITE)
def test_a_role_writes_and_reads_its_own_topics_and_no_other(role: str, broker: Broker) -> None:
    assert {topic for topic in ALL_TOPICS if written(broker, role, topic)} == MAY_WRITE[role]
    expected = MAY_READ.get(role, set(ALL_TOPICS))
    if role in MAY_READ:
        assert {topic for topic in ALL_TOPICS if is_read(broker, role, topic)} == expected
