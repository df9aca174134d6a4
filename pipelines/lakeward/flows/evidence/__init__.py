"""Evidence of how data are managed: accounts, protection, shared values, rights and reviews, as tables that indicators count."""
