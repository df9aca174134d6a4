"""The portal's data: a read model of the governance tables, log-ins and sessions, and the evidence of its numbers."""
