"""Readiness by GB/T 36073: a catalogue of items, indicators as data, and the arithmetic from counts to levels. Reads no table."""
