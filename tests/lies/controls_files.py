"""Controls that no operator means: a few lines of a file, and the words that refuse them.

`tests/cli/test_cli_controls.py` applies each to a log by the command line; nothing is written.
"""

IMPOSSIBLE = [
    ('[[limit]]\nscope = "firm"\nmax_order_qty = -5', "limit 1: max_order_qty: found -5"),
    ('[policy]\npolicy_id = "p"\nwindow = "-1s"', "policy 1: window: found -1000000000 ns"),
    (
        '[[mandate]]\nclient_id = "C1"\nmax_participation = "150%"',
        "max_participation: found 1500000",
    ),
    (
        "[day_open]\nday = 20180103\nopen = 2018-01-03T16:00:00Z\nclose = 2018-01-03T09:30:00Z",
        "day_open 1: close: found",
    ),
    (
        '[[limit]]\nscope = "firm"\nmax_order_qty = 5',
        "limit 1: currency: found '', expected a code of 3 to 8 capital letters or digits",
    ),
    (
        '[[limit]]\nscope = "client"\nscope_id = "C1"\ncurrency = "USD"',
        "limit 1: currency: found 'USD', expected nothing for scope CLIENT",
    ),
    (
        '[[allotment]]\nscope = "firm"\nshard = 0\nnotional = 5',
        "allotment 1: currency: found ''",
    ),
    ('[[kill]]\ntext = "oops"', 'write scope = "FIRM"'),
    ('[[lift]]\nscope = "firm"', "lift 1: scope: found"),
    ('[[parent]]\nparent_id = "17"\naction = "pause"', "parent 1: parent_id: found '17'"),
    ('[[parent]]\nparent_id = "0-1"\naction = "stop"', "parent 1: action: found 'STOP'"),
    (
        '[[parent]]\nparent_id = "0-1"\naction = "urgency"',
        "parent 1: urgency: found None, expected one of LOW, NORMAL, HIGH",
    ),
    (
        '[[parent]]\nparent_id = "0-1"\naction = "pause"\nvenue = "A"',
        "parent 1: venue: found 'A', expected nothing for action PAUSE",
    ),
]
UNKNOWN = [
    ('[[parent]]\nparent_id = "0-1"\naction = "exclude_venue"\nvenue = "ZZ"', "venue ZZ"),
    ('[[kill]]\nscope = "venue"\nscope_id = "NOWHERE"', "venue NOWHERE"),
    (
        '[[limit]]\nscope = "client"\nscope_id = "C11"',
        "client C11: no mandate of this log knows it",
    ),
    ('[[lift]]\nscope = "venue"\nscope_id = "NOWHERE/*"', "venue NOWHERE"),
    ('[[halt]]\ninstrument_id = "I0O"', "instrument I0O: no reference data of this log knows it"),
    ('[[mandate]]\nclient_id = "C9"\nexcluded_venues = ["ZZ"]', "venue ZZ"),
]
