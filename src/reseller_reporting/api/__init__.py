"""The REST API under /api/v1: the same use cases as the pages, as JSON, for programs."""
