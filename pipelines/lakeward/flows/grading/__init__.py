"""Grades of an estate: proposed, decided, stored, and written to where other programs read them."""
