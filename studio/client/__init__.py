"""The typed client of a server: the methods of `Studio`, over HTTP."""
