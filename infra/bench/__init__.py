"""Measure the engine against a bare loop over the same bytes: `python -m infra.bench`.

    world        a scripted market and its orders
    player       plays them once, with a venue, into a Script
    replay       the same Script again, from a log into a log: the engine, and the bare loop
    throughput   orders, events and quotes a second
    latency      from the append of an order to its first route
    growth       cost of a child as children grow; heap and memory after ten times the orders
    projecting   rows a second into DuckDB
    profiling    where the time goes, by stage
    report       the table for people, the JSON for machines

Every figure of a run comes from one process pinned to one core where the system allows it, and
each ratio from two measurements of the same run, taken in turns, because machines differ from
hour to hour.
"""
