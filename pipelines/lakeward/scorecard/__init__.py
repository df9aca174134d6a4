"""The CDO's scorecard: figures that open, read from governance tables, and the page that shows them. Measures nothing itself."""
