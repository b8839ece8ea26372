"""The HTTP API of events, photos and people."""
