"""The whole system under faults, from a seed: the same seed is the same run, to the last byte.

Workers (`engine.runtime.worker`) and the paper gateway with its venues (`engine.gateways.venues`)
run here as they are, as processes that take turns (`processes`) around the log in memory
(`infra.faults.broker`). A plan drawn from the seed (`plan`) says what a desk and a market write,
and what goes wrong: crashes at any call to the log, pauses beyond the session, unknown outcomes,
delayed markers, errors of the log, rebalances, twins of a process, clocks that jump, sessions that
drop, messages that come twice, late or unreadable. `world` plays it, heals everything, closes the
day and waits until all is quiet; `checks` then says what does not hold. A seed that fails is made
smaller (`shrinking`).

    python -m infra.faults --count 1000

What is not modelled: a log that loses or changes what it acknowledged (verification's part), a
broker's own fail-over, and venues that answer for a child after their gateway's process died, as
the paper venue keeps nothing.
"""
