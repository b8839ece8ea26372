"""What Redis and RabbitMQ are told differently: part of the settings."""

from collections.abc import Mapping
from typing import Any

SCHEMES = ("redis", "rediss", "amqp", "amqps")
Routes = dict[str, dict[str, Any]]


def is_redis(url: str) -> bool:
    """Whether the broker is a Redis; else it is a RabbitMQ."""
    return url.startswith("redis")


def broker_options(url: str) -> dict[str, Any]:
    """Celery's options of the transport."""
    if is_redis(url):
        # A message that a dead worker held comes back after the visibility timeout, which must exceed the longest task.
        return {"visibility_timeout": 1800, "unacked_restore_interval": 5, "unacked_restore_throttle": 1}
    return {"confirm_publish": True}  # a message that RabbitMQ did not take is sent again


def routes_for(url: str, routes: Mapping[str, dict[str, Any]]) -> Routes:
    """Routes written for Redis, where priority 0 goes first; on RabbitMQ the highest does, of queues that have any."""
    if is_redis(url):
        return dict(routes)
    return {task: route | {"priority": int("priority" not in route)} for task, route in routes.items()}
