"""The screens of Admin, one module each."""

from faces.admin import batches, decisions, events, people, photos, privacy, suggestions

__all__ = ["batches", "decisions", "events", "people", "photos", "privacy", "suggestions"]
