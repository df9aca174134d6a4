"""The Spark engine: executors read and write rows, the driver sees plans and counts, and commits as the embedded engine does."""
