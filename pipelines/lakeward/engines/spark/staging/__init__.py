"""Reading files on executors: the same records, rejects and reports as the embedded engine, by the same rules of text."""
