"""Stands in for audiocraft 1.3."""
