"""Three brokers of a test's own on this machine: any of them can be stopped and started."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kafka_broker
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from infra.kafka import local

NODES = (1, 2, 3)
WHOLE_MAX_S = 120.0


class Cluster:
    """Replication 3; a record is acknowledged when two copies are in sync."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        port = local.free_ports(len(NODES))
        local.start(folder, port, len(NODES))
        self.bootstrap = ",".join(f"{local.HOST}:{port + at}" for at in range(len(NODES)))

    def kill(self, node: int) -> None:
        local.kill(self._folder, node)

    def stop(self, node: int) -> None:
        """Stop a broker in an orderly way: it hands its partitions over first."""
        local.kill(self._folder, node, signal.SIGTERM)

    def start(self, node: int) -> None:
        local.start_again(self._folder, node)

    def await_whole(self) -> None:
        """Until every copy of every partition is in sync again."""
        deadline_s = time.monotonic() + WHOLE_MAX_S
        while not self.is_whole():
            assert time.monotonic() < deadline_s, "the copies do not get in sync"
            time.sleep(0.1)

    def is_whole(self) -> bool:
        """By a new client each time: an old one keeps its knowledge of a node that has ended."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        try:
            found = admin.list_topics(timeout=5)
        except KafkaException:
            return False
        return len(found.brokers) == len(NODES) and all(
            len(partition.isrs) == len(partition.replicas)
            for topic in found.topics.values()
            for partition in topic.partitions.values()
        )


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A started cluster; it ends with the context."""
    if not kafka_broker.has_way_by_jars():
        kafka_broker.refuse("a test needs brokers of its own, from jars: install a JDK 17, Maven.")
    folder = folder.resolve()
    try:
        yield Cluster(folder)
    except local.LocalKafkaError as error:
        kafka_broker.refuse(str(error))
    finally:
        local.stop(folder, signal.SIGKILL)
