"""The Celery application, and the one way to start a task."""

import os
from collections.abc import Sequence
from typing import Any

from celery import Celery
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photofinder.settings")

app = Celery("photofinder")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def enqueue(path: str, ids: Sequence[int], *, chunk: int | None = None) -> None:
    """Send the task at the dotted `path` with `ids` once the transaction commits, `chunk` ids per message."""
    task = import_string(path)
    size = chunk or max(len(ids), 1)
    for start in range(0, len(ids), size):
        task.delay_on_commit(list(ids[start : start + size]))


def queue_length(queue: str) -> int:
    """How many messages wait in the queue, not counting those that workers hold."""
    with app.connection_for_read() as connection, connection.channel() as channel:
        declared: Any = app.amqp.queues[queue](channel).queue_declare()
        return int(declared.message_count)
