"""Grades of all columns: proposed, decided, stored and published."""
