"""Scores beyond one batch: of the estate, of earlier days, and by the rules of today. The score of a batch is kept with the batch."""
