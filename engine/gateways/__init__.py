"""The edges: what people, files and sessions say becomes events here, and only here."""
