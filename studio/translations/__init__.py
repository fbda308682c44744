"""Translation tables, one JSON file a language."""
