"""The screens of films in Admin, one module each."""

from videos.admin import video

__all__ = ["video"]
