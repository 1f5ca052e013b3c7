"""The trading day: its open and close, and the state that a close carries to the next day."""
