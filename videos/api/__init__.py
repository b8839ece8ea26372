"""Films over HTTP."""
