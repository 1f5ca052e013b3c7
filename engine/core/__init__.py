"""The decisions of the engine, as pure functions of a state and an input.

`decide` of a stage reads the state and returns events; `evolve` applies each event, and is the only
code that writes the state. So a fold over the events gives the same state as the run that made
them, and the log needs nothing else. A stage belongs to one package here, and the packages follow
the way of an order: orders, parents, strategy, routing, execution, allocation.

Nothing here reads a clock, a file, a network or a random number: the time is an argument. Prices,
quantities and ratios are integers with the unit in the name, and the few real functions are exact
Decimals (`strategy.exact_math`), so that every processor decides the same bytes. Only the standard
library is imported.
"""
