"""Orders from files and flags, and the answers to them."""
