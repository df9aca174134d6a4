"""Stored quarantined rows: open rows, selections and recorded events. The actions of a steward are in `steward`."""
