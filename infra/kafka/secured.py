"""Run a real Kafka with TLS, SASL and access lists on this machine, from the same plain jars.

    python -m infra.kafka.secured start | stop  [--dir .kafka-secured] [--port 9094]

To try a secured deployment, and for the tests. The folder holds a certificate authority, a
certificate for the broker and one for each user, their passwords, and a key that signs tokens: all
made here, for this folder alone. SCRAM, PLAIN and OAUTHBEARER share one port, certificates of
clients (mTLS) have the next one, and the broker itself the third. No port takes a client that does
not say who it is, and the broker's own connections use its certificate. `admin` and the broker may
do everything; every other user may do what the access lists say, which `metaorder topics create
--acl` writes.
"""

import argparse
import base64
import datetime as dt
import ipaddress
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from infra.kafka import local
from infra.kafka.broker_properties import properties

ADMIN = "admin"
BROKER = "broker"
ROLES = (
    *("upstream", "market-data-gateway", "venue-gateway", "worker", "allotter", "calendar"),
    *("auditor", "operator", "stranger"),
)
USERS = (ADMIN, *ROLES)
VALID = dt.timedelta(days=30)
TOKEN_VALID_S = 3_600
AUDIENCE = "metaorder"
ISSUER = "metaorder-local"
SIGNER = "local"
OAUTH = "org.apache.kafka.common.security.oauthbearer"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Place:
    """The files of one secured broker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def jwks(self) -> Path:
        return self.folder / "jwks.json"

    def certificate(self, user: str) -> Path:
        return self.folder / f"{user}.pem"

    def key(self, user: str) -> Path:
        return self.folder / f"{user}.key"

    def password(self, user: str) -> Path:
        return self.folder / f"{user}.password"

    def token(self, user: str) -> Path:
        return self.folder / f"{user}.token"

    @property
    def home(self) -> Path:
        return self.folder / "node-1"


# ------------------------------------------------------------------------------------- secrets


def write_secret(path: Path, content: bytes) -> None:
    """A file that its owner alone may read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def pem(key: PrivateKey, password: bytes | None = None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    form = serialization.PrivateFormat.PKCS8  # The one form that Kafka reads.
    return key.private_bytes(serialization.Encoding.PEM, form, encryption)


def certified(
    name: str, key: PrivateKey, issuer: x509.Certificate | None, issuer_key: PrivateKey
) -> x509.Certificate:
    """A certificate of a user or of the broker; without an issuer that of the authority itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        addresses = [
            x509.IPAddress(ipaddress.ip_address(local.HOST)),
            x509.DNSName("localhost"),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed_token(key: rsa.RSAPrivateKey, user: str, now_s: int, valid_s: int) -> str:
    """A JWT as an identity provider gives it to a process."""
    header = {"alg": "RS256", "kid": SIGNER, "typ": "JWT"}
    claims = {
        "sub": user,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "scope": "kafka",  # The broker wants one.
        "iat": now_s,
        "exp": now_s + valid_s,
    }
    parts = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{parts}.{encoded(key.sign(parts.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def published_keys(key: rsa.RSAPrivateKey) -> str:
    """The key set by which the broker checks tokens."""
    numbers = key.public_key().public_numbers()
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
    exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8)
    kind = {"kty": "RSA", "kid": SIGNER, "use": "sig", "alg": "RS256"}
    return json.dumps({"keys": [{**kind, "n": encoded(modulus), "e": encoded(exponent)}]})


def make_secrets(place: Place) -> None:
    """Certificates, passwords and tokens; once for a folder."""
    if place.authority.exists():
        return
    place.folder.mkdir(parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = certified("metaorder local authority", authority_key, None, authority_key)
    for name in (BROKER, *USERS):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = certified(name, key, authority, authority_key)
        shown = certificate.public_bytes(serialization.Encoding.PEM)
        write_secret(place.key(name), pem(key))
        place.certificate(name).write_bytes(shown)
        write_secret(place.password(name), secrets.token_hex(16).encode() + b"\n")
    both = place.key(BROKER).read_bytes() + place.certificate(BROKER).read_bytes()
    write_secret(place.folder / "broker-store.pem", both)
    token_key = rsa.generate_private_key(65_537, 2_048)
    for name in USERS:
        token = signed_token(token_key, name, int(time.time()), TOKEN_VALID_S)
        write_secret(place.token(name), token.encode() + b"\n")
    place.jwks.write_text(published_keys(token_key))
    place.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))  # Last: whole.


# ------------------------------------------------------------------------------------ the broker


def secured_lines(place: Place, port: int, controller_port: int) -> str:
    """The lines in the place of an open broker's listeners."""
    host, listener = local.HOST, "listener.name.sasl_ssl"
    passwords = " ".join(f'user_{name}="{read(place.password(name))}"' for name in USERS)
    return f"""\
listeners=SASL_SSL://{host}:{port},SSL://{host}:{port + 1},CONTROLLER://{host}:{controller_port}
advertised.listeners=SASL_SSL://{host}:{port},SSL://{host}:{port + 1}
listener.security.protocol.map=SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:SSL
inter.broker.listener.name=SSL
ssl.keystore.type=PEM
ssl.keystore.location={place.folder / "broker-store.pem"}
ssl.truststore.type=PEM
ssl.truststore.location={place.authority}
ssl.client.auth=required
{listener}.ssl.client.auth=none
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN,OAUTHBEARER
{listener}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule \
required;
{listener}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
required {passwords};
{listener}.oauthbearer.sasl.jaas.config={OAUTH}.OAuthBearerLoginModule required;
{listener}.oauthbearer.sasl.server.callback.handler.class={OAUTH}.OAuthBearerValidatorCallbackHandler
{listener}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url={place.jwks.as_uri()}
{listener}.oauthbearer.sasl.oauthbearer.expected.audience={AUDIENCE}
{listener}.oauthbearer.sasl.oauthbearer.expected.issuer={ISSUER}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{ADMIN};User:{BROKER}
"""


def read(path: Path) -> str:
    return path.read_text().strip()


def secured_properties(place: Place, port: int, controller_port: int) -> str:
    """The properties of an open broker with its listeners replaced."""
    data = place.home / "data"
    open_lines = properties(local.HOST, 1, [port], [controller_port], data).splitlines()
    replaced = ("listeners=", "advertised.listeners=", "listener.security.protocol.map=")
    kept = [line for line in open_lines if not line.startswith(replaced)]
    return "\n".join(kept) + "\n" + secured_lines(place, port, controller_port)


def scram_users(place: Place) -> list[str]:
    given = [f"SCRAM-SHA-512=[name={name},password={read(place.password(name))}]" for name in USERS]
    return [part for one in given for part in ("--add-scram", one)]


def start(folder: Path, port: int) -> str:
    """Start the broker and wait until it answers its administrator; returns the SASL address."""
    place = Place(folder)
    make_secrets(place)
    jars = local.fetch_jars()
    place.home.mkdir(parents=True, exist_ok=True)
    write_secret(
        place.home / "server.properties",
        secured_properties(place, port, port + 2).encode(),
    )
    cluster = place.folder / "cluster"
    if not cluster.exists():
        cluster.write_text(local.new_cluster_id())
    local.prepare(jars, place.home, cluster.read_text(), is_alone=True, extra=scram_users(place))
    allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={place.jwks.as_uri()}"
    process = local.launch(jars, place.home, options=(allowed,))
    bootstrap = f"{local.HOST}:{port}"
    deadline_s = time.monotonic() + local.START_MAX_S
    while not answers(place, bootstrap):
        if process.poll() is not None or time.monotonic() > deadline_s:
            log = local.tail((place.home / "kafka.log").read_text())
            local.stop(place.folder, signal.SIGKILL)
            raise local.LocalKafkaError(f"the secured Kafka did not start. Its log ends:\n{log}")
        time.sleep(0.1)
    return bootstrap


def answers(place: Place, bootstrap: str) -> bool:
    admin = AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": ADMIN,
            "sasl.password": read(place.password(ADMIN)),
            "ssl.ca.location": str(place.authority),
            "log_level": 0,
        }
    )
    try:
        return len(admin.list_topics(timeout=1).brokers) > 0
    except KafkaException:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.kafka.secured", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=("start", "stop"))
    parser.add_argument("--port", type=int, default=9094, help="of SASL, the first of three")
    parser.add_argument("--dir", type=Path, default=Path(".kafka-secured"), help="all its files")
    given = parser.parse_args(arguments)
    try:
        if given.command == "start":
            sys.stdout.write(f"a secured Kafka answers at {start(given.dir, given.port)}\n")
        else:
            sys.stdout.write(f"stopped {local.stop(given.dir)} node(s)\n")
    except local.LocalKafkaError as error:
        sys.stderr.write(f"{error}\n")
        return 5  # A dependency is missing, as in the other commands.
    return 0


if __name__ == "__main__":
    sys.exit(main())
