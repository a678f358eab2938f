"""Data sources: what exists, how it is fetched and verified, and one reader per source."""
