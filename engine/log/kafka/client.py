"""Address, names, settings and errors common to all Kafka clients of the engine."""

import contextlib
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException

from engine.log.kafka.credentials import Setting, client_settings
from engine.log.port import LogUnavailableError, RefusedByBrokerError
from engine.log.repeats import Repeats
from engine.log.security import OPEN, Security

CALL_MAX_S = 10.0  # No single request to a broker waits longer.
LEADERS_MAX_S = 1.0
RECORD_MAX_BYTES = 8 * 1024 * 1024  # Key, headers and value together, on clients and topics.
NAMES_AND_TIMES = re.compile(r"\[[^]]*\]|\(.*")  # What differs between two clients' messages.


def alike(record: logging.LogRecord) -> str:
    """A message without the client and the moment.

    Every client logs at every try that a broker is away: hundreds of lines a second otherwise.
    """
    return NAMES_AND_TIMES.sub("", record.getMessage())


LOGGER = logging.getLogger("metaorder.kafka")
LOGGER.addHandler(logging.NullHandler())  # The application decides what is shown.
LOGGER.addFilter(Repeats(alike))

NOT_AUTHORIZED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
NOT_AUTHENTICATED = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001 (the client's public name)
        KafkaError._SSL,  # noqa: SLF001
    }
)
HANDSHAKE_RECENT_S = 30.0  # A client tries again every second.


class Handshakes:
    """The newest reason for which the brokers and a client of this process did not come together.

    A request alone says that no broker answers; only the client's own errors say why.
    """

    def __init__(self) -> None:
        self._said = ""
        self._said_s = 0.0

    def on_error(self, error: KafkaError) -> None:
        """Take a client's error, and log it, as the client would without a callback."""
        self.note(error)
        LOGGER.error("%s: %s", error.name(), error.str())

    def note(self, error: KafkaError) -> None:
        if error.code() in NOT_AUTHENTICATED:
            self._said, self._said_s = error.str(), time.monotonic()

    def newest(self) -> str:
        """Empty if none has failed of late."""
        return self._said if time.monotonic() - self._said_s < HANDSHAKE_RECENT_S else ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kafka, and one engine on it: all topics, groups and transactions carry the prefix.

    `settings` hold secrets: never shown.
    """

    bootstrap: str
    prefix: str
    settings: Mapping[str, Setting] = field(default_factory=dict, repr=False)
    handshakes: Handshakes = field(default_factory=Handshakes, repr=False, compare=False)

    @classmethod
    def secured(cls, bootstrap: str, prefix: str, security: Security = OPEN) -> "Cluster":
        """Raises SecurityError."""
        return cls(bootstrap, prefix, client_settings(security))

    def topic(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def config(self, extra: Mapping[str, Setting] | None = None) -> dict[str, Setting]:
        return {
            "bootstrap.servers": self.bootstrap,
            "client.id": self.prefix,
            # Where no broker answers the client starts over with its bootstrap servers each time,
            # so this never grows to the most (librdkafka 2.16): not less than 100.
            "reconnect.backoff.ms": 100,
            "reconnect.backoff.max.ms": 1000,
            "socket.timeout.ms": int(CALL_MAX_S * 1000),
            "socket.nagle.disable": True,
            "error_cb": self.handshakes.on_error,
            **self.settings,
            **(extra or {}),
        }

    def reading(self, extra: Mapping[str, Setting] | None = None) -> dict[str, Setting]:
        """The settings of a consumer in no group: librdkafka wants a name, but it never joins."""
        return self.config(
            {
                "group.id": f"{self.prefix}.reader",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "isolation.level": "read_committed",
                "check.crcs": True,  # The default is to trust the disk and the network.
                "enable.partition.eof": True,
                "fetch.min.bytes": 1,
                "retry.backoff.ms": 10,
                "retry.backoff.max.ms": 100,
                "topic.metadata.refresh.fast.interval.ms": 10,
                "fetch.queue.backoff.ms": 1,  # The default of 1 s stalls a reader that catches up.
                "message.max.bytes": RECORD_MAX_BYTES,
                **(extra or {}),
            }
        )

    def unavailable(self, what: str, error: object) -> LogUnavailableError:
        """The error to raise for a KafkaError, or for words."""
        said = error.str() if isinstance(error, KafkaError) else str(error)
        if isinstance(error, KafkaError) and error.code() in NOT_AUTHORIZED:
            return RefusedByBrokerError(
                f"{what}: Kafka at {self.bootstrap} does not allow it to this process ({said}). "
                "Give its principal a role with `metaorder topics create --acl`, or run it as the "
                "principal that has the role; docs/operators.md has the table."
            )
        handshake = self.handshakes.newest()
        if handshake:
            return RefusedByBrokerError(
                f"{what}: Kafka at {self.bootstrap} and this process do not accept each other "
                f"({handshake}). Check the settings kafka_*: protocol and port, the authorities "
                "in kafka_ca_file, the name, and its password, token or certificate."
            )
        return LogUnavailableError(
            f"{what}: Kafka at {self.bootstrap} did not answer or refused ({said}). "
            "Check the address and that the broker runs (`make kafka` starts a local one), then "
            "try again."
        )


# The client raises a fatal error wherever it is at that moment: in the middle of a delivery
# report Python makes it a SystemError, with the real one as its cause.
CLIENT_ERRORS = (KafkaException, SystemError)


def error_of(error: BaseException) -> KafkaError:
    """The structured error inside an exception of the client."""
    cause = error.__cause__ if isinstance(error, SystemError) else error
    if isinstance(cause, KafkaException) and cause.args and isinstance(cause.args[0], KafkaError):
        return cause.args[0]
    return KafkaError(KafkaError._FAIL, str(error))  # noqa: SLF001 (the client's public name)


def learn_leaders(consumer: Consumer, name: str | None = None) -> None:
    """Have a client fetch the leaders of a topic, or of every topic, before its first request.

    Otherwise it refreshes them once a second (librdkafka 2.16): each new reader of a restart
    waited for that. And a client that reads no topic goes on asking a broker that is dead.
    """
    with contextlib.suppress(KafkaException):  # No broker answers: the next request raises.
        if name is None:
            consumer.list_topics(timeout=LEADERS_MAX_S)
        else:
            consumer.list_topics(name, timeout=LEADERS_MAX_S)
