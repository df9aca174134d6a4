"""Proof of who read and decided what: seals of the logs, their verification, and reports from them."""
