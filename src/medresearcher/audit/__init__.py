"""Audit of question files: certificates proven again, and shortcuts measured."""
