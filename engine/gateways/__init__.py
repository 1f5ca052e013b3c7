"""The edges: files, requests and sessions with venues become events here, and only here."""
