"""The trading day: its opening and close, and what a close carries to the next day."""
