"""The embedded engine: DuckDB and deltalake in one process. `engines.open_engine` imports it at first use."""
