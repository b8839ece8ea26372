"""Cataloguing files where they lie."""
