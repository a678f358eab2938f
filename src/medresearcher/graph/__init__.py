"""The knowledge graph: identities joined, statements kept, queried as a whole."""
