"""The configuration of one broker of a local Kafka."""

from collections.abc import Sequence
from pathlib import Path


def properties(
    host: str,
    node: int,
    ports: Sequence[int],
    controller_ports: Sequence[int],
    data: Path,
    detour: tuple[int, int] | None = None,
) -> str:
    """`ports` and `controller_ports` are those of all nodes, the first node's first.

    `detour` is a second port of the broker, and the port that its clients are given for it.
    """
    brokers, port, controller_port = len(ports), ports[node - 1], controller_ports[node - 1]
    copies = min(3, brokers)
    in_sync = max(1, copies - 1)
    quorum = f"controller.quorum.bootstrap.servers={host}:{controller_port}"
    if brokers > 1:
        voters = ",".join(f"{n}@{host}:{p}" for n, p in enumerate(controller_ports, start=1))
        quorum = f"controller.quorum.voters={voters}"
    more, advertised = "", ""
    if detour is not None:
        port_behind, advertised_port = detour
        more = f",DETOUR://{host}:{port_behind}"
        advertised = f",DETOUR://{host}:{advertised_port}"
    return f"""\
# Written by infra/kafka/local.py; the data of a broker that is thrown away.
process.roles=broker,controller
node.id={node}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}{more}
advertised.listeners=PLAINTEXT://{host}:{port}{advertised}
controller.listener.names=CONTROLLER
{quorum}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={in_sync}
unclean.leader.election.enable=false
# Few partitions for Kafka's own topics of groups and transactions: a quick start.
offsets.topic.num.partitions=4
offsets.topic.replication.factor={copies}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
# A transaction without an end is aborted by the broker after at most this.
transaction.max.timeout.ms=15000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
# The partitions of a dead broker have another leader after this and a moment; the default is 9 s.
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
controlled.shutdown.enable={"true" if brokers > 1 else "false"}
"""
