"""Protection: access decisions per column, and the forms of protected values. Reads no table."""
