"""The yearly risk assessment of important data: fields filled by queries, questions to people, findings with remedies, and the report."""
