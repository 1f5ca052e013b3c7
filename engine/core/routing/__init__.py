"""Routing of slices to venues: candidates, routers, scorecards, and cancels of children."""
