"""Scores: kept with the batch they are of, shown level by level, and told apart when rules change."""
