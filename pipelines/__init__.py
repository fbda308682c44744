"""Shipped pipelines: TOML recipes, read through `importlib.resources`."""
