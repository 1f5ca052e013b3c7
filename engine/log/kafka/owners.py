"""The worker that holds each shard, as the groups' coordinators know it."""

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from engine.log.kafka.client import CALL_MAX_S, Cluster, error_of
from engine.log.kafka.leases import claim_group, competing_group
from engine.log.kafka.topics import SHARDS


def owners_of(cluster: Cluster, admin: AdminClient, partitions: int) -> Mapping[int, str]:
    """By shard; an explicit claim goes before the group of those that compete."""
    claims = {claim_group(cluster, shard): shard for shard in range(partitions)}
    groups = [competing_group(cluster), *claims]
    answers = admin.describe_consumer_groups(groups, request_timeout=CALL_MAX_S)
    found: dict[int, str] = {}
    for group, answer in answers.items():
        try:
            members = answer.result(CALL_MAX_S).members
        except KafkaException as error:
            if error_of(error).code() == KafkaError.GROUP_ID_NOT_FOUND:
                continue
            raise cluster.unavailable(f"describing group {group}", error_of(error)) from error
        except TimeoutError as error:
            raise cluster.unavailable(f"describing group {group}", "no answer") from error
        for member in members:
            name = member.group_instance_id or member.client_id
            if group in claims:
                found[claims[group]] = name
            elif member.assignment is not None:
                places = member.assignment.topic_partitions
                own = [at.partition for at in places if at.topic == cluster.topic(SHARDS)]
                found |= {shard: name for shard in own if shard not in found}
    return found
