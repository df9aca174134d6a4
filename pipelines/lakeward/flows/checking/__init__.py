"""Judging data that has no contract: any file, folder or table, by any suite. What `lakeward check` does."""
