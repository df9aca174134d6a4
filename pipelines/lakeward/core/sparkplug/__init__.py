"""Sparkplug B: its topics, payloads and sessions, as collectors and the decoder both read them."""
