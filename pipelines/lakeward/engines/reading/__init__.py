"""Reading with DuckDB in both engines: headers, lines and footers. Writes nothing and imports neither engine."""
