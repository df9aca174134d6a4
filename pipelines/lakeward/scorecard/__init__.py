"""The CDO's scorecard: figures with their queries, read from governance tables, and the page. Measures nothing."""
