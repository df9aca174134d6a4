"""Grades of columns: what is known of them, and on what evidence."""
