"""Backups of a lake and its project, and lakes that move: what is copied is one instant of all tables, and is compared by hashes."""
