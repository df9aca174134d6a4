"""The Spark engine: executors read and write rows, the driver handles plans and counts, and commits like the embedded engine."""
