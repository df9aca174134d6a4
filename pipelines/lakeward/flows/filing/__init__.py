"""The catalogue of important and core data, and its filings with the authority."""
