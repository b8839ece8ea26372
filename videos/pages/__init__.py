"""Pages that play films."""
