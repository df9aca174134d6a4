"""The way of one batch from its source to the published table: receive, judge, publish, finish; and what halts or repeats it."""
