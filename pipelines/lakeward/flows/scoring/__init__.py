"""Scores beyond one batch: of the estate, of earlier batches, and by the current rules. `batch` stores the score of a batch."""
