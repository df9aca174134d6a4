"""Processing of one batch, from its source to the published table: receive, judge, publish, finish; halt, resume and rebuild."""
