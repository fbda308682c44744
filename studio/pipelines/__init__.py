"""Pipelines: TOML recipes of steps, validated, expanded and run as jobs."""
