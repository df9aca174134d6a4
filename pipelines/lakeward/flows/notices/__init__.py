"""Notices to people who subscribed: a dataset failed, is late, is halted, or its files have another form."""
