"""The settings of a worker that commits after each look: however fast a machine is, it can be killed between."""

from photofinder.settings import *  # noqa: F403

VIDEO_COMMIT_SECONDS = 0
