"""The server: one gateway that speaks Arrow Flight SQL, and a locked process of DuckDB for each set of answers."""

# Name of the server's own log.
LOG_NAME = "lakeward.server"
