"""The case file: one SQLite database and the originals, never lost or quietly changed."""
