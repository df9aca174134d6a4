"""Sensor rules: what a reading says beside the readings around it, in one query per batch, with the context of the batches before."""
