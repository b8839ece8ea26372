"""Engines that see and describe what is in films."""
