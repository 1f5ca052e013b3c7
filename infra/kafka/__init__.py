"""A local Kafka broker for tests and measurements: its jars, its properties, its process."""
