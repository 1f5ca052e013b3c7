"""Where a slice goes: candidates, routers, scorecards, and cancels of children."""
