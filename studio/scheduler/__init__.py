"""The scheduler: a pure kernel, the job table, and the runtime around them."""
