"""Data as an asset: what a dataset cost to build and what lies in it, from telemetry. A cost is never called a value."""
