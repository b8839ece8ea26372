"""Engines that embed images and words."""
