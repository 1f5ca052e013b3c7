"""The topics of one engine: their partitions and settings, created and checked.

A log that deletes, compacts or stamps its own times cannot be replayed, so every topic has these
settings itself and does not rely on the broker's defaults. Two topics hold no records. The
partitions of `shards` are leases. The single partition of `claims` is held by the owner of an
explicit claim, in a consumer group for each shard.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # They miss in its __all__.
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    TopicMetadata,
)

from engine.log.kafka import identity
from engine.log.kafka.client import CALL_MAX_S, LOGGER, RECORD_MAX_BYTES, Cluster, error_of
from engine.log.port import (
    ALL_TOPICS,
    SHARED_TOPICS,
    CorruptLogError,
    EngineError,
    LogUnavailableError,
    RefusedByBrokerError,
)
from engine.log.security import OPEN, Security

if TYPE_CHECKING:
    from concurrent.futures import Future

SHARDS = "shards"  # One partition a shard; holding it is holding the shard.
CLAIMS = "claims"  # One partition, which an explicit claim holds in a group per shard.
TRANSACTION_STATE = "__transaction_state"
TRANSACTION_MAX_MS = 15_000  # Another program's open transaction holds readers back so long.
PROPAGATION_MAX_S = 2.0  # Within this a broker at rest learns of a new topic.
KNOWN_MAX_S = 90.0  # A busy one needed more than 10 s for the topics of a log; guess: nine times.
AWAIT_STEP_S = 0.02
AWAIT_STEP_MAX_S = 1.0
METADATA_FIRST_S = 1.0  # Doubled with each try.
FOREVER = "-1"
TIME_MAX_MS = str(2**63 - 1)
REQUIRED = {  # Without these the log deletes records or changes their times.
    "cleanup.policy": "delete",
    "retention.ms": FOREVER,
    "retention.bytes": FOREVER,
    "message.timestamp.type": "CreateTime",
}
CREATED = {
    **REQUIRED,
    "compression.type": "producer",
    "max.message.bytes": str(RECORD_MAX_BYTES),
    "message.timestamp.after.max.ms": TIME_MAX_MS,  # A simulation's time is not the broker's.
    "message.timestamp.before.max.ms": TIME_MAX_MS,
    "unclean.leader.election.enable": "false",
}


def layout(prefix: str, partitions: int) -> dict[str, int]:
    """Every topic's full name and its number of partitions."""
    counts = {name: 1 if name in SHARED_TOPICS else partitions for name in ALL_TOPICS}
    return {f"{prefix}.{name}": n for name, n in {**counts, SHARDS: partitions, CLAIMS: 1}.items()}


def in_sync_min(replication: int) -> int:
    """Copies that must have a record before it is acknowledged: 2 of 3; 1 on a single broker."""
    return max(1, replication - 1)


def admin_of(cluster: Cluster) -> AdminClient:
    settings: dict[str, Any] = cluster.config()  # Its type knows no callbacks.
    return AdminClient(settings, logger=LOGGER)


def create(
    bootstrap: str,
    prefix: str,
    partitions: int,
    replication: int = 1,
    security: Security = OPEN,
) -> list[str]:
    """Create the topics that are missing, in one request, and the log's id; returns their names.

    Existing ones are left as they are: `check` lists their problems. Raises
    LogUnavailableError, or EngineError with the broker's reason for refusing.
    """
    cluster = Cluster.secured(bootstrap, prefix, security)
    counts = {**layout(prefix, partitions), cluster.topic(identity.TOPIC): 1}
    created = make(cluster, counts, replication)
    identity.ensure(cluster, identity.new_id())
    return created


def make(cluster: Cluster, counts: Mapping[str, int], replication: int) -> list[str]:
    """Create those of these topics that are missing; returns their names. Raises as `create`."""
    admin = admin_of(cluster)
    metadata_of(cluster, admin)  # A missing broker is told apart from a refusal.
    config = {**CREATED, "min.insync.replicas": str(in_sync_min(replication))}
    wanted = [
        NewTopic(name, num_partitions=count, replication_factor=replication, config=config)
        for name, count in counts.items()
    ]
    answers = admin.create_topics(wanted, operation_timeout=CALL_MAX_S, request_timeout=CALL_MAX_S)
    created = [name for name, answer in answers.items() if is_created(cluster, name, answer)]
    await_topics(cluster, admin, counts)  # Also those of a try that gave up waiting.
    return created


def await_topics(cluster: Cluster, admin: AdminClient, names: Collection[str]) -> None:
    """Wait until the brokers know topics that are made: the controller answers before that.

    Raises LogUnavailableError with what they do not know yet.
    """
    deadline_s, step_s = time.monotonic() + KNOWN_MAX_S, AWAIT_STEP_S
    while missing := sorted({*names} - known_topics(cluster, admin, deadline_s)):
        if time.monotonic() > deadline_s:
            raise LogUnavailableError(
                f"creating the topics: they are made, but after {KNOWN_MAX_S:.0f} s Kafka at "
                f"{cluster.bootstrap} does not know {len(missing)} of {len(names)} yet, "
                f"{missing[0]} first. Its brokers are busy: wait a minute and run it again; or "
                "access lists hide them: give this process's principal a role with --acl."
            )
        time.sleep(step_s)
        step_s = min(2 * step_s, AWAIT_STEP_MAX_S)


def known_topics(cluster: Cluster, admin: AdminClient, deadline_s: float) -> set[str]:
    """The topics that the brokers know; none while they are too busy to answer."""
    try:
        return set(metadata_of(cluster, admin).topics)
    except RefusedByBrokerError:
        raise
    except LogUnavailableError:
        if time.monotonic() > deadline_s:
            raise
        return set()


def is_created(cluster: Cluster, name: str, answer: "Future[None]") -> bool:
    try:
        answer.result(CALL_MAX_S)
    except KafkaException as error:
        cause = error_of(error)
        if cause.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        if cause.code() == KafkaError.REQUEST_TIMED_OUT:
            raise cluster.unavailable(f"creating topic {name}", cause) from error
        raise EngineError(
            f"topic {name} was not created at {cluster.bootstrap}: {cause.str()}. "
            f"Check the replication factor against the number of brokers, and the ACLs."
        ) from error
    except TimeoutError as error:
        raise cluster.unavailable(f"creating topic {name}", "no answer") from error
    return True


def check(
    bootstrap: str,
    prefix: str,
    partitions: int,
    replication: int = 1,
    security: Security = OPEN,
) -> list[str]:
    """Every problem as a sentence: what was found, what is expected, what to do."""
    cluster = Cluster.secured(bootstrap, prefix, security)
    admin = admin_of(cluster)
    metadata = metadata_of(cluster, admin)
    names = [*layout(prefix, partitions), cluster.topic(identity.TOPIC)]
    configs = configs_of(cluster, admin, [name for name in names if name in metadata.topics])
    return [
        *shape_problems(metadata, prefix, partitions),
        *config_problems(configs, REQUIRED),
        *durability_problems(metadata, configs, replication),
        *transaction_problems(cluster, admin, metadata, replication),
    ]


def require(cluster: Cluster, admin: AdminClient, partitions: int) -> bool:
    """Refuse to start on topics that would lose or misplace records. Returns whether it has an id.

    Raises LogUnavailableError, EngineError if topics are missing, else CorruptLogError.
    """
    names = layout(cluster.prefix, partitions)
    deadline_s = time.monotonic() + PROPAGATION_MAX_S
    metadata = metadata_of(cluster, admin)
    while not metadata.topics.keys() >= names.keys() and time.monotonic() < deadline_s:
        time.sleep(AWAIT_STEP_S)
        metadata = metadata_of(cluster, admin)
    if metadata.topics.keys().isdisjoint(names):
        raise EngineError(
            f"Kafka at {cluster.bootstrap} has no topic of {cluster.prefix}. Run "
            f"`metaorder topics create --log kafka:{cluster.bootstrap}/{cluster.prefix}`; if they "
            "are there, access lists hide them: give this process's principal a role with --acl."
        )
    identity_topic = cluster.topic(identity.TOPIC)
    has_id = identity_topic in metadata.topics  # A log of an early release has none.
    problems = list(shape_problems(metadata, cluster.prefix, partitions))
    if not problems:
        asked = [*names, *((identity_topic,) if has_id else ())]
        problems = list(config_problems(configs_of(cluster, admin, asked), REQUIRED))
    if problems:
        raise CorruptLogError(
            f"the topics of {cluster.prefix} at {cluster.bootstrap} do not fit, nothing was "
            f"written: {' '.join(problems)}"
        )
    return has_id


def metadata_of(cluster: Cluster, admin: AdminClient) -> ClusterMetadata:
    """Ask until an answer comes; a refused handshake is told at once, not as a silent broker."""
    deadline_s = time.monotonic() + CALL_MAX_S
    patience_s = METADATA_FIRST_S
    while True:
        left_s = max(0.1, deadline_s - time.monotonic())
        try:
            return admin.list_topics(timeout=min(patience_s, left_s))
        except KafkaException as error:
            admin.poll(0)  # The client's own errors, which say why, wait for a poll.
            if cluster.handshakes.newest() or time.monotonic() > deadline_s:
                raise cluster.unavailable("listing the topics", error_of(error)) from error
        patience_s *= 2


def configs_of(
    cluster: Cluster, admin: AdminClient, names: list[str]
) -> dict[str, Mapping[str, str]]:
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    return described(cluster, admin, resources)


def described(
    cluster: Cluster, admin: AdminClient, resources: list[ConfigResource]
) -> dict[str, Mapping[str, str]]:
    """The settings in force of topics or brokers, by name."""
    if not resources:
        return {}
    deadline_s = time.monotonic() + PROPAGATION_MAX_S
    while True:
        answers = admin.describe_configs(resources, request_timeout=CALL_MAX_S)
        try:
            return {
                resource.name: {
                    entry.name: str(entry.value) for entry in answer.result(CALL_MAX_S).values()
                }
                for resource, answer in answers.items()
            }
        except KafkaException as error:
            cause = error_of(error)
            is_new = cause.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            if not is_new or time.monotonic() > deadline_s:
                raise cluster.unavailable("reading settings", cause) from error
        except TimeoutError as error:
            raise cluster.unavailable("reading settings", "no answer") from error
        time.sleep(AWAIT_STEP_S)


def shape_problems(metadata: ClusterMetadata, prefix: str, partitions: int) -> Iterator[str]:
    for name, expected in layout(prefix, partitions).items():
        topic = metadata.topics.get(name)
        if topic is None:
            yield f"Topic {name} is missing: run `metaorder topics create`."
        elif len(topic.partitions) != expected:
            yield (
                f"Topic {name} has {len(topic.partitions)} partition(s), expected {expected}: "
                f"set the number of partitions in the configuration to what the topics have, or "
                f"use a new prefix; a partition count changes only at a day's close."
            )


def config_problems(
    configs: Mapping[str, Mapping[str, str]], expected: Mapping[str, str]
) -> Iterator[str]:
    for name, config in configs.items():
        for setting, wanted in expected.items():
            found = config.get(setting)
            if found != wanted:
                yield (
                    f"Topic {name} has {setting}={found}, expected {wanted}: run `kafka-configs "
                    f"--alter --topic {name} --add-config {setting}={wanted}`."
                )


def copies(topic: TopicMetadata) -> int:
    return min((len(partition.replicas) for partition in topic.partitions.values()), default=0)


def durability_problems(
    metadata: ClusterMetadata, configs: Mapping[str, Mapping[str, str]], replication: int
) -> Iterator[str]:
    for name in configs:
        found = copies(metadata.topics[name])
        if found < replication:
            yield (
                f"Topic {name} has {found} replica(s), expected {replication}: reassign its "
                f"partitions with `kafka-reassign-partitions`."
            )
    yield from config_problems(configs, {"unclean.leader.election.enable": "false"})
    least = in_sync_min(replication)
    for name, config in configs.items():
        if int(config["min.insync.replicas"]) < least:
            yield (
                f"Topic {name} has min.insync.replicas={config['min.insync.replicas']}, expected "
                f"at least {least}: run `kafka-configs --alter --topic {name} --add-config "
                f"min.insync.replicas={least}`."
            )


def transaction_problems(
    cluster: Cluster, admin: AdminClient, metadata: ClusterMetadata, replication: int
) -> Iterator[str]:
    """Problems of the brokers' transaction settings.

    The topic of the transactions' state does not exist before the first transaction.
    """
    for node in metadata.brokers:
        broker = ConfigResource(ConfigResource.Type.BROKER, str(node))  # One a call is allowed.
        config = described(cluster, admin, [broker])[str(node)]
        found_ms = int(config.get("transaction.max.timeout.ms", "0"))
        if found_ms > TRANSACTION_MAX_MS:
            yield (
                f"Broker {node} has transaction.max.timeout.ms={found_ms}, expected at most "
                f"{TRANSACTION_MAX_MS}: another program's open transaction would hold every reader "
                f"back for so long. Set it in the broker's server.properties."
            )
    state = metadata.topics.get(TRANSACTION_STATE)
    if state is not None:
        configs = configs_of(cluster, admin, [TRANSACTION_STATE])
        yield from durability_problems(metadata, configs, replication)
