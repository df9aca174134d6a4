"""Reads files on executors, with the same records, rejects and reports as the embedded engine."""
