"""Pages and files outside of Admin and the API."""
