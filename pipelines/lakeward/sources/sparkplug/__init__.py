"""Landed messages of Sparkplug B: their columns, and the sessions of edges in them."""
