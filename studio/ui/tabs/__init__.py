"""One tab, one file; each has `build(context)`."""
