"""Data security incidents: opened, scoped by the access log and lineage, reported by the fields of the authority, and closed."""
