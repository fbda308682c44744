"""Shipped presets: TOML files, read through `importlib.resources`."""
