"""MedResearcher: medical knowledge turned into expert-level deep-research agents."""

__version__ = "0.1.0"
