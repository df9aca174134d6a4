"""Sensor rules: judge readings with their neighbours, in one query per batch, with stored context of earlier batches."""
