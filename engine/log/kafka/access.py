"""The access lists of Kafka: what each role may do, written and checked.

A role is a kind of process. Its principals are the names that the brokers give to its credentials
(`User:NAME`). The table below is all that the engine's processes need, and no more: who may write
a topic decides whose word a record is. Creating topics and repartitioning a log are for the
cluster's administrator, a super user, and no role may do them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # They miss in its __all__.
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from engine.log.kafka import identity
from engine.log.kafka.client import CALL_MAX_S, Cluster, error_of
from engine.log.kafka.topics import CLAIMS, SHARDS, admin_of, described
from engine.log.port import ALL_TOPICS, INPUT_TOPICS, JOURNAL, OUTPUT_TOPICS, EngineError
from engine.log.security import OPEN, Security

TOPIC, GROUP, TRANSACTION = "topic", "group", "transactional id"
CLUSTER, CLUSTER_NAME = "cluster", "kafka-cluster"
TYPES = {
    TOPIC: ResourceType.TOPIC,
    GROUP: ResourceType.GROUP,
    TRANSACTION: ResourceType.TRANSACTIONAL_ID,
    CLUSTER: ResourceType.BROKER,  # The client's word for it.
}
READ, WRITE, DESCRIBE = "READ", "WRITE", "DESCRIBE"
DESCRIBE_CONFIGS = "DESCRIBE_CONFIGS"
ALL_HOSTS = "*"
LITERAL, PREFIXED, ALLOW = "LITERAL", "PREFIXED", "ALLOW"


class Grant(NamedTuple):
    """One operation on a resource, or on all whose names begin so; without the log's prefix."""

    kind: str
    name: str
    operation: str
    is_prefix: bool = False


class Entry(NamedTuple):
    """An entry of the access lists, by the names that Kafka's own tools print."""

    kind: str
    name: str
    pattern: str
    principal: str
    host: str
    operation: str
    permission: str

    def __str__(self) -> str:
        many = "s that begin with" if self.pattern == PREFIXED else ""
        return f"{self.operation} the {self.kind}{many} {self.name}"


def reading(topics: Iterable[str]) -> list[Grant]:
    return [Grant(TOPIC, name, READ) for name in topics]


def writing(topics: Iterable[str]) -> list[Grant]:
    return [Grant(TOPIC, name, WRITE) for name in topics]


def holding(name: str, *, is_prefix: bool = False) -> list[Grant]:
    """Rights of a lease by name: two groups on `claims`, and a writer that is fenced."""
    return [
        Grant(TRANSACTION, f"name.{name}", WRITE, is_prefix),
        Grant(GROUP, f"name.{name}", READ, is_prefix),
        Grant(GROUP, f"alive.{name}", READ, is_prefix),
        Grant(TOPIC, CLAIMS, READ),
    ]


def opening() -> list[Grant]:
    """The rights that opening the log takes: the topics' settings and the id are checked."""
    return [
        Grant(TOPIC, "", DESCRIBE, is_prefix=True),
        Grant(TOPIC, "", DESCRIBE_CONFIGS, is_prefix=True),
        Grant(TOPIC, identity.TOPIC, READ),
        Grant(GROUP, "reader", READ),  # The name that readers give; no process joins it.
    ]


def auditing() -> list[Grant]:
    """Rights to read all topics and to see the owners of the leases."""
    leases = [Grant(GROUP, name, DESCRIBE, is_prefix=True) for name in ("lease", "alive.")]
    return [*reading(ALL_TOPICS), *leases]


def working(partitions: int) -> list[Grant]:
    """Rights from inputs to stages: the shards' leases, and a writer for each."""
    return [
        *reading((*INPUT_TOPICS, *OUTPUT_TOPICS, SHARDS, CLAIMS)),
        *writing(OUTPUT_TOPICS),
        Grant(GROUP, "lease", READ, is_prefix=True),
        *(Grant(TRANSACTION, str(shard), WRITE) for shard in range(partitions)),
        Grant(CLUSTER, CLUSTER_NAME, DESCRIBE_CONFIGS),  # A worker checks the brokers' settings.
    ]


def roles(partitions: int) -> dict[str, list[Grant]]:
    """The rights of each role, by its name."""
    own = {
        "upstream": [*writing(["orders"]), *reading(["ingest", "allocations"])],
        "market-data-gateway": [*writing(["market-data"]), *reading(["controls", "reference"])],
        "venue-gateway": [
            *writing(["venue-reports"]),
            *reading(OUTPUT_TOPICS),  # Of all of them a gateway reads the shards' last closes.
            *reading(["venue-reports", "controls", "reference", "market-data"]),
            *holding("gateway.", is_prefix=True),
        ],
        "worker": working(partitions),
        "allotter": [*writing(["controls"]), *auditing(), *holding("allotter")],
        "calendar": [
            *writing(["controls"]),
            *reading((*INPUT_TOPICS, JOURNAL)),  # Their newest times confirm its clock.
            *holding("calendar"),
        ],
        "auditor": auditing(),
        "operator": [*writing(["controls", "reference"]), *auditing()],
    }
    return {role: [*opening(), *grants] for role, grants in own.items()}


def entries(
    prefix: str, partitions: int, principals: Mapping[str, Sequence[str]]
) -> dict[Entry, str]:
    """Each entry of the access lists, and a role that needs it. Raises EngineError."""
    table = roles(partitions)
    if not any(principals.values()):
        raise EngineError(
            "no role has a principal. Say `--principal ROLE=NAME`, or fill the table "
            f"[kafka_principals] of the configuration; the roles are {', '.join(table)}."
        )
    found: dict[Entry, str] = {}
    for role, names in principals.items():
        if role not in table:
            raise EngineError(f"no role {role!r}; expected one of {', '.join(table)}.")
        for name in names:
            for grant in table[role]:
                found.setdefault(entry_of(prefix, grant, principal_of(name)), role)
    return found


def principal_of(name: str) -> str:
    """`User:NAME`, as the brokers write it. Raises EngineError."""
    kind, colon, rest = name.partition(":")
    full = name if colon and kind == "User" else f"User:{name}"
    if not name.strip() or (colon and not rest) or full == "User:*":
        raise EngineError(f"principal {name!r}: expected the name of one, as User:worker-1.")
    return full


def entry_of(prefix: str, grant: Grant, principal: str) -> Entry:
    name = grant.name if grant.kind == CLUSTER else f"{prefix}.{grant.name}"
    pattern = PREFIXED if grant.is_prefix else LITERAL
    return Entry(grant.kind, name, pattern, principal, ALL_HOSTS, grant.operation, ALLOW)


def write(
    bootstrap: str,
    prefix: str,
    partitions: int,
    principals: Mapping[str, Sequence[str]],
    security: Security = OPEN,
) -> int:
    """Write the entries that are missing; returns their number. Takes none away.

    Raises LogUnavailableError, or EngineError with the brokers' reason for refusing.
    """
    wanted = entries(prefix, partitions, principals)
    cluster = Cluster.secured(bootstrap, prefix, security)
    admin = admin_of(cluster)
    there = set(existing(cluster, admin))
    missing = [bound(entry) for entry in wanted if entry not in there]
    if missing:
        for answer in admin.create_acls(missing, request_timeout=CALL_MAX_S).values():
            try:
                answer.result(CALL_MAX_S)
            except (KafkaException, TimeoutError) as error:
                raise refused(cluster, "writing the access lists", error) from error
    return len(missing)


def bound(entry: Entry) -> AclBinding:
    """The entry in the client's form."""
    return AclBinding(
        TYPES[entry.kind],
        entry.name,
        ResourcePatternType[entry.pattern],
        entry.principal,
        entry.host,
        AclOperation[entry.operation],
        AclPermissionType[entry.permission],
    )


def existing(cluster: Cluster, admin: AdminClient) -> list[Entry]:
    """Every entry of the cluster. Raises LogUnavailableError, EngineError without an authorizer."""
    _require_readable(cluster, admin)
    any_name: Any = None  # The library's type does not say that it may be left open.
    everything = AclBindingFilter(
        ResourceType.ANY,
        any_name,
        ResourcePatternType.ANY,
        any_name,
        any_name,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    try:
        answer = admin.describe_acls(everything, request_timeout=CALL_MAX_S)
        found: list[Any] = answer.result(CALL_MAX_S)
    except (KafkaException, TimeoutError) as error:
        raise refused(cluster, "reading the access lists", error) from error
    kinds = {kind: name for name, kind in TYPES.items()}
    return [
        Entry(
            kinds.get(each.restype, each.restype.name),
            each.name,
            each.resource_pattern_type.name,
            each.principal,
            each.host,
            each.operation.name,
            each.permission_type.name,
        )
        for each in found
    ]


def refused(cluster: Cluster, what: str, error: Exception) -> EngineError:
    if isinstance(error, TimeoutError):
        return cluster.unavailable(what, "no answer")
    return cluster.unavailable(what, error_of(error))


def _require_readable(cluster: Cluster, admin: AdminClient) -> None:
    """The client gives no entries where the broker refuses to tell them (librdkafka 2.16)."""
    what = "reading the access lists"
    try:
        asked = admin.describe_cluster(
            include_authorized_operations=True, request_timeout=CALL_MAX_S
        )
        found = asked.result(CALL_MAX_S)
    except (KafkaException, TimeoutError) as error:
        raise refused(cluster, what, error) from error
    if AclOperation.DESCRIBE not in (found.authorized_operations or ()):
        denied = KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED)
        raise cluster.unavailable(f"{what}, which the cluster's administrator may", denied)
    node = ConfigResource(ConfigResource.Type.BROKER, str(found.nodes[0].id))
    if not described(cluster, admin, [node])[node.name].get("authorizer.class.name"):
        raise EngineError(
            f"{what}: Kafka at {cluster.bootstrap} has no authorizer, so every process may do "
            "everything. Set authorizer.class.name in the brokers' server.properties."
        )


def check(
    bootstrap: str,
    prefix: str,
    partitions: int,
    principals: Mapping[str, Sequence[str]],
    security: Security = OPEN,
) -> list[str]:
    """Every difference between the access lists and the roles, as a sentence with the way out."""
    wanted = entries(prefix, partitions, principals)
    cluster = Cluster.secured(bootstrap, prefix, security)
    return list(problems(prefix, wanted, existing(cluster, admin_of(cluster))))


def problems(prefix: str, wanted: Mapping[Entry, str], there: Sequence[Entry]) -> Iterator[str]:
    found = set(there)
    for entry, role in wanted.items():
        if entry not in found:
            yield (
                f"{entry.principal}, a principal of the role {role}, may not {entry}: run "
                "`metaorder topics create --acl`."
            )
    for entry in there:
        if entry not in wanted and touches(prefix, entry):
            verb = "may" if entry.permission == ALLOW else "is forbidden to"
            yield (
                f"{entry.principal} {verb} {entry} from host {entry.host}, which no role says: "
                "remove the entry with `kafka-acls --remove`, or give that principal its role."
            )


def touches(prefix: str, entry: Entry) -> bool:
    """Whether an entry is about a resource of this engine, alone or among others."""
    if entry.kind not in (TOPIC, GROUP, TRANSACTION):
        return False  # Rights over the whole cluster are its administrator's affair.
    start = f"{prefix}."
    if entry.pattern == PREFIXED:
        return start.startswith(entry.name) or entry.name.startswith(start)
    return entry.name == "*" or entry.name.startswith(start)
