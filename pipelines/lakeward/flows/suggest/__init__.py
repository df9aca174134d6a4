"""Rules learned from a dataset's past: measured in SQL, proposed from counts, tried on every batch, written when a person accepts."""
