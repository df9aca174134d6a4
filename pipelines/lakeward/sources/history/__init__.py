"""Histories of servers as sources: each run lands what came since, window by window; a span of time can be read at any time."""
