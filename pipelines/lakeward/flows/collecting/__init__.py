"""Collecting: programs that run all the time, outside of any scheduler, and land what sources send."""
