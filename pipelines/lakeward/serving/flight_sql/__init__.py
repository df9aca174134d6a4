"""Arrow Flight SQL: its messages, its metadata, and errors as Flight has them. Needs the extra `server`."""
