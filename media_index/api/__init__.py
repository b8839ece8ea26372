"""The API of the media index."""
