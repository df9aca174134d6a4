"""Grades of columns and their evidence."""
