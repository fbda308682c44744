"""Samples of public traces, for the scheduler's simulator."""
