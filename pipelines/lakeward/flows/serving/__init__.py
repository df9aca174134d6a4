"""Reading by role: the policy, the session of one principal, the log of every access, and the catalogue of what is served."""
