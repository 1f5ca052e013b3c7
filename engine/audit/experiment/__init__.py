"""The same day, orders and seed under several policies, and what each cost.

    policies ─> runs, a process each ─> projection ─┐
                                                    ├─> parts by order ─> figures ─> page, JSON
    market data ─> baselines, outside the engine ───┘

A run is a simulation like any other: its log and projection stay, and any other measure can read
them. What a policy left unfilled is bought or sold at the end of each order's window at the far
side of the last quote, so that not trading is no saving. Every figure is a ratio of sums over small
orders; blocks of time are resampled, the same blocks in all runs, so that differences are paired.
"""
