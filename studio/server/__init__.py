"""The HTTP face: REST, events and files in one FastAPI application."""
