"""Trajectories after the fact: filtered, told, exported."""
