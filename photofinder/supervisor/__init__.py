"""Starts PostgreSQL, Redis and the processes of PhotoFinder and keeps them running. Standard library only."""


class TroubleError(Exception):
    """What stands in the way, as a sentence for the person at the terminal."""
