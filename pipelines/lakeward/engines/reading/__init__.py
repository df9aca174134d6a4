"""What both engines read by DuckDB: headers, lines, footers, and what these say of a file. Writes nothing, and knows neither engine."""
