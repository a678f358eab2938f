"""One `map over work items` with progress, resume and errors as data."""
