"""Shipped assets: samples and themes."""
