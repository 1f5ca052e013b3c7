"""The whole system under faults, from a seed: the same seed is the same run, to the last byte.

Workers (`engine.runtime.worker`) and the paper gateway with its venues (`engine.gateways.venues`)
run here unchanged, as processes that take turns (`processes`) on a log in memory (`broker`,
`memory_log`). A plan drawn from the seed (`plan`) holds the messages of a desk and a market, and
the faults: crashes at any call to the log, pauses beyond the session, unknown outcomes, delayed
markers, errors of the log, rebalances, twins of a process, clocks that jump, sessions that drop,
messages that come twice, late or unreadable. `world` plays the plan, ends all faults, closes the
day and waits until every input is sealed; `checks` then lists the problems. A seed that fails is
made smaller (`shrinking`).

    python -m infra.faults --count 1000

Not modelled are: a log that loses or changes records that it acknowledged (verification's part), a
broker's own fail-over, and venues that answer for a child after their gateway's process died, as
the paper venue stores nothing.
"""
