"""Reading landed messages on DuckDB: payloads are decoded by queries, message by message; one that can't be decoded is a reject."""
