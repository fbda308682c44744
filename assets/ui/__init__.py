"""Scripts and styles of the web studio."""
