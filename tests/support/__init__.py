"""What several tests need: small projects, sessions, comparisons and processes. Only real parts; no test lies here."""
