"""Language models: an OpenAI-compatible endpoint, and a scripted one for tests."""
