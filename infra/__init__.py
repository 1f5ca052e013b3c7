"""Tools around the engine: a local Kafka, faults, campaigns, benchmarks, the release."""
