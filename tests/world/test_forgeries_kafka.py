"""A real broker with TLS, SASL and access lists: each role does its work, and no one else's.

One broker for the whole file, and one log on it. The forgeries are tried while a worker is at work;
afterwards nothing of them is in the log, nothing was traded, and the worker goes on.
"""

import contextlib
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import kafka_broker
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from forgeries import (
    FORGED,
    FORGERIES,
    INSTRUMENT,
    PARTITIONS,
    PREFIX,
    WAIT_S,
    Broker,
    Day,
    Forgery,
    impostor,
)
from log.topics_created import create
from pipeline import desk, in_process, proof, short_day

import projections
from engine.audit.status import Health, status
from engine.cli import whatif
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core import events as e
from engine.gateways.calendar.run import Calendar
from engine.gateways.calendar.timetable import Timetable
from engine.gateways.venues.start import gateway_start
from engine.log import codec, open_log
from engine.log.kafka import access
from engine.log.port import (
    ALL_TOPICS,
    INPUT_TOPICS,
    OUTPUT_TOPICS,
    STAGE_TOPICS,
    EngineError,
    LogUnavailableError,
    RefusedByBrokerError,
)
from engine.log.security import Security
from engine.runtime.recovery.last_close import last_close_seal
from infra.kafka import local, secured

pytestmark = pytest.mark.kafka
ROLES = tuple(role for role in secured.ROLES if role != "stranger")
PRINCIPALS = {role: [role] for role in ROLES}
MAY_WRITE = {
    "upstream": {"orders"},
    "market-data-gateway": {"market-data"},
    "venue-gateway": {"venue-reports"},
    "worker": set(OUTPUT_TOPICS),
    "allotter": {"controls"},
    "calendar": {"controls"},
    "auditor": set(),
    "operator": {"controls", "reference"},
    "stranger": set(),
}
MAY_READ = {
    "upstream": {"ingest", "allocations"},
    "market-data-gateway": {"controls", "reference"},
    "venue-gateway": set(ALL_TOPICS) - {"orders"},
    "calendar": {*INPUT_TOPICS, "journal"},
    "stranger": set(),
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if not kafka_broker.has_way_by_jars():
        kafka_broker.refuse("a secured broker is started from jars: install a JDK 17 and Maven.")
    folder = tmp_path_factory.mktemp("secured")
    found = Broker(folder)
    admin = found.scram("admin")
    create(found.bootstrap, PREFIX, PARTITIONS, admin)
    assert access.write(found.bootstrap, PREFIX, PARTITIONS, PRINCIPALS, admin) > 0
    try:
        yield found
    finally:
        local.stop(folder, signal.SIGKILL)


@pytest.fixture(autouse=True, scope="module")
def patient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(in_process, "PATIENCE_S", WAIT_S)
        yield


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
            self.send_header("Content-Length", str(len(body)))
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
    create(broker.bootstrap, prefix, PARTITIONS, admin)
    access.write(broker.bootstrap, prefix, PARTITIONS, PRINCIPALS, admin)


@pytest.mark.usefixtures("tried")
@pytest.mark.parametrize("role", MAY_WRITE)
def test_a_role_writes_and_reads_its_own_topics_and_no_other(role: str, broker: Broker) -> None:
    assert {topic for topic in ALL_TOPICS if written(broker, role, topic)} == MAY_WRITE[role]
    expected = MAY_READ.get(role, set(ALL_TOPICS))
    if role in MAY_READ:
        assert {topic for topic in ALL_TOPICS if is_read(broker, role, topic)} == expected


def test_the_access_lists_are_checked_against_the_roles(broker: Broker) -> None:
    admin = broker.scram("admin")
    checked = (broker.bootstrap, PREFIX, PARTITIONS, PRINCIPALS, admin)
    assert access.check(*checked) == []
    assert access.write(*checked) == 0, "a second time there is nothing to write"
    more = {**PRINCIPALS, "worker": ["worker", "worker-2"]}
    missing = access.check(broker.bootstrap, PREFIX, PARTITIONS, more, admin)
    assert len(missing) > 10
    assert all("User:worker-2, a principal of the role worker, may not" in one for one in missing)
    fewer = {role: names for role, names in PRINCIPALS.items() if role != "operator"}
    (first, *_) = strays = access.check(broker.bootstrap, PREFIX, PARTITIONS, fewer, admin)
    assert "User:operator may WRITE the topic firm.controls" in "\n".join(strays)
    assert "which no role says: remove the entry with `kafka-acls --remove`" in first
    with pytest.raises(RefusedByBrokerError, match="Cluster authorization failed"):
        access.check(broker.bootstrap, PREFIX, PARTITIONS, PRINCIPALS, broker.scram("operator"))


def test_a_broker_without_an_authorizer_is_named(kafka_bootstrap: str) -> None:
    with pytest.raises(EngineError, match=r"has no authorizer, .* Set authorizer\.class\.name"):
        access.write(kafka_bootstrap, PREFIX, PARTITIONS, PRINCIPALS)


# --------------------------------------------------------------------------------- a day at work


@pytest.fixture(scope="module")
def day(broker: Broker) -> Iterator[Day]:
    """Each sender under its own role; an order is accepted and routed."""
    with broker.log("operator") as log:
        publisher = desk.Publisher(log, "desk")
        publisher.send(*desk.reference([INSTRUMENT]), *desk.controls(time.time_ns()))
    with (
        broker.log("market-data-gateway") as feed,
        broker.log("auditor") as log,
        in_process.worker(lambda: broker.log("worker")) as running,
    ):
        for shard in range(PARTITIONS):
            in_process.until(
                lambda: in_process.taken(log, "controls", shard),  # noqa: B023  Called at once.
                "a shard at work",
                running,
            )
        now_ns = time.time_ns()  # A quote must not be old when the order comes.
        quotes = [desk.quote(INSTRUMENT, venue, now_ns) for venue in desk.VENUES]
        desk.Publisher(feed, "feed").send(*quotes)
        found = Day(broker, log, running)
        found.order("HONEST")
        in_process.until(
            lambda: in_process.events(log, "routes", e.ChildRouted), "a child", running
        )
        yield found


@pytest.mark.parametrize(("name", "forgery", "reasons"), FORGERIES, ids=[x[0] for x in FORGERIES])
def test_a_forgery_is_refused_by_the_broker(
    name: str, forgery: Forgery, reasons: Sequence[str], day: Day, tmp_path: Path
) -> None:
    assert forgery(day, tmp_path) in reasons, name


def test_nothing_forged_is_in_the_log_and_nothing_of_it_was_traded(day: Day) -> None:
    day.order("AFTER")
    for topic in ALL_TOPICS:
        for record in (record for records in day.records(topic) for record in records):
            assert FORGED.encode() not in record.value, topic
    assert day.counts() == day.before
    for topic in STAGE_TOPICS:
        for event in in_process.events(day.log, topic):
            assert FORGED not in repr(event)
    assert not in_process.events(day.log, "fills", e.FillBooked)
    assert not in_process.events(day.log, "ingest", e.InputRejected)
    rules = short_day.rules(PARTITIONS)
    found = status(day.log, rules, time.time_ns())
    assert {shard.health for shard in found.shards} <= {Health.WELL, Health.LATE}
    # No gateway is at work in this test, so a venue has not answered; that alone is stopped.
    assert {stop.scope for stop in found.stops} <= {"VENUE"}
    for shard in range(PARTITIONS):
        partition = proof.partition_of(day.log, shard)
        proof.whole(partition, is_all_taken=False)
        proof.decides_the_same(partition, rules)


def test_an_auditor_projects_the_log_and_goes_on_where_it_was(day: Day, tmp_path: Path) -> None:
    path = tmp_path / "p.duckdb"
    projections.follow(day.log, path, stop=lambda: True)
    assert projections.follow(day.log, path, stop=lambda: True).rebuilt_because == ""


def test_the_recorded_run_of_a_what_if_is_read_by_an_auditor(day: Day, tmp_path: Path) -> None:
    security = day.broker.scram("auditor")
    span = (0, 2**62)
    part = whatif.Part("happened", day.broker.url, PARTITIONS, tmp_path / "p.duckdb", *span)
    outcome, _ = whatif.outcome_of(part._replace(security=security), lambda _: None)
    assert outcome.children


def test_a_copy_is_restored_and_proven_by_a_file_of_settings(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = broker.scram("admin")
    file = tmp_path / "metaorder.toml"
    file.write_text(
        f"""partitions = {PARTITIONS}
        kafka_security_protocol = "SASL_SSL"
        kafka_ca_file = "{admin.ca_file}"
        kafka_sasl_mechanism = "SCRAM-SHA-512"
        kafka_username = "admin"
        kafka_password_file = "{admin.password_file}"
        """
    )
    copy, url = tmp_path / "copy.db", f"kafka:{broker.bootstrap}/{PREFIX}-restored"
    with open_log(f"sqlite:{copy}", partitions=PARTITIONS) as log:
        log_id = log.identity.log_id
    line = ["log", "restore", "--from", str(copy), "--log", url, "--config", str(file)]
    assert execute(line) == Exit.OK
    assert log_id in capsys.readouterr().out


def test_a_calendar_holds_its_lease_and_reads_by_its_own_role(broker: Broker) -> None:
    """What it writes is in the table of roles; without a row of a calendar no day is due."""
    with broker.log("calendar") as log, Calendar(log, Timetable()) as job:
        assert job.turn() is None


def test_a_gateway_starts_by_its_own_role_after_the_close_of_a_day(day: Day) -> None:
    """It reads each shard's last close, which has records in topics that it needs for no route."""
    with day.broker.log("operator") as log:
        desk.Publisher(log, "closer").send(e.DayClosed(day=desk.DAY, set_ns=time.time_ns()))

    def closed() -> bool:
        shards = range(PARTITIONS)
        return all(last_close_seal(day.log, shard) is not None for shard in shards)

    in_process.until(closed, "each shard has closed the day", day.running)
    with day.broker.log("venue-gateway") as log:
        in_force = gateway_start(log, time.time_ns()).in_force
    assert in_force is not None
    assert in_force.closed_day == desk.DAY


def test_an_impostor_of_the_broker_is_told_nothing(broker: Broker, tmp_path: Path) -> None:
    """A server with the broker's name and a certificate of its own: no password, no order."""
    made = impostor(tmp_path, "broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made["certificate_file"], made["key_file"])
    heard: list[bytes] = []
    with socket.create_server((local.HOST, 0)) as server:
        server.settimeout(WAIT_S)

        def listen() -> None:
            with contextlib.suppress(OSError):  # The client hangs up, or the test closes it.
                while True:
                    plain, _ = server.accept()
                    with (
                        contextlib.suppress(ssl.SSLError),
                        plain,
                        context.wrap_socket(plain, server_side=True) as spoken,
                    ):
                        heard.append(spoken.recv(1))

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        url = f"kafka:{local.HOST}:{server.getsockname()[1]}/{PREFIX}"
        with pytest.raises(LogUnavailableError, match="do not accept each other"):
            open_log(url, partitions=PARTITIONS, security=broker.scram("upstream"))
    assert not any(heard), "the client spoke to it"


def test_a_wrong_password_is_said_instead_of_a_missing_broker(
    broker: Broker, tmp_path: Path
) -> None:
    guess = tmp_path / "guess"
    secured.write_secret(guess, b"not-the-password")
    with pytest.raises(RefusedByBrokerError) as caught:
        open_log(
            broker.url,
            partitions=PARTITIONS,
            security=broker.scram("upstream", password_file=guess),
        )
    assert "do not accept each other (" in str(caught.value)
    assert "not-the-password" not in str(caught.value)


def test_a_log_that_access_lists_hide_is_said_so(broker: Broker) -> None:
    with pytest.raises(EngineError, match="access lists hide them"):
        broker.log("stranger")
