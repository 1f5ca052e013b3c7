"""Long runs that look for what the tests did not: `python -m infra.campaigns.<name>`.

fuzzing      millions of mutated records through every decoder, against two strict readers
plain_avro   the strict reader of our own: slow, and the specification word for word
mutation     how a real record is spoiled
"""
