"""Worker processes: one per (environment, device), newline-JSON over pipes."""
