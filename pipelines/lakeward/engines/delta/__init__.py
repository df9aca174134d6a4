"""Delta tables: files and commits, shared by both engines."""
