"""What an execution cost against a benchmark."""
