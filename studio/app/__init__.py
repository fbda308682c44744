"""The composition root: `Studio`, and the handles `Job` and `Asset`."""
