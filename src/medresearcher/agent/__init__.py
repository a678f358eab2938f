"""The research loop, masked guidance, and the policies that play it."""
