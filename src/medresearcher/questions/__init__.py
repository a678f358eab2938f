"""Certified questions: composed from chains, proven unique, phrased."""
