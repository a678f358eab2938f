"""What an agent can call: typed arguments in, typed outcomes out."""
