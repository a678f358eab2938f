"""The medical retrieval engine over the documents of the knowledge base."""
