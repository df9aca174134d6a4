"""Rules learned from a dataset's history: measured in SQL, proposed from counts, tested on every batch, written on acceptance."""
