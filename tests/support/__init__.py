"""Helpers of several tests: small projects, sessions, comparisons and processes. Only real parts; no tests."""
