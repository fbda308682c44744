"""Studio: a local-first generative media studio."""
