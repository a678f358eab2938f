"""Benchmarks: readers of their files and scores with intervals."""
