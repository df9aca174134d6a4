"""Quarantined rows as stored: which are open, which a person selects, and the events recorded about them. The acts lie in `steward`."""
