"""Reading by role: the policy, the session of one principal, the access log, and the catalogue of served tables."""
