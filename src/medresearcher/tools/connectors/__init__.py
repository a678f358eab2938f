"""The public services behind tools, one file each, over one bounded HTTP client."""
