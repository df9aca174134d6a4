"""Collectors: programs that land what a source sends, all the time. Each protocol's library is imported with its collector only."""
