"""What every app's tests need of the site: callers of the API, and static files that nobody collected."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import translation
from knox.models import get_token_model
from rest_framework.test import APIClient

from photofinder.roles import Role, role_give

_numbers = count(1)


class Caller(APIClient):
    """Calls the API below /api/v1/ with a token of `user`."""

    def __init__(self, user: User, **defaults: Any) -> None:
        super().__init__(raise_request_exception=False, **defaults)
        self.user = user
        _, token = get_token_model().objects.create(user=user)
        self.credentials(HTTP_AUTHORIZATION=f"Token {token}")

    def read(self, path: str, **query: Any) -> Any:
        """GET."""
        return self.get(f"/api/v1/{path}", query)

    def send(self, path: str, data: Any = None) -> Any:
        """POST as JSON."""
        return self.post(f"/api/v1/{path}", data or {}, format="json")

    def upload(self, path: str, **fields: Any) -> Any:
        """POST as multipart."""
        return self.post(f"/api/v1/{path}", fields, format="multipart")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language that a test begins in, whatever the last visitor of another one spoke."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True, scope="module")
def swept(request: pytest.FixtureRequest, django_db_blocker: Any) -> None:
    """Rows that earlier tests rolled back stay in the graphs of vector indexes, and so many of them lie around the few
    vectors of the fake engine that a search would give up before it comes to the rows of today.
    """
    here = [item for item in request.session.items if item.nodeid.startswith(request.node.nodeid)]
    if not any(item.get_closest_marker("django_db") for item in here):
        return  # and no database is asked for
    request.getfixturevalue("django_db_setup")
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in ("faces_facevector", "faces_person", "faces_portrait", "media_index_imageembedding"):
            cursor.execute(f"VACUUM {table}")
    connection.close()


@pytest.fixture
def caller(db: None) -> Callable[[str], Caller]:
    """A new caller with a role, or with none for an empty name."""

    def make(role: str) -> Caller:
        name = f"caller-{next(_numbers)}"
        return Caller(role_give(username=name, role=Role(role)) if role else User.objects.create(username=name))

    return make


@pytest.fixture
def plain_static(settings: Any) -> None:
    """Static files under their own names: tests run without collectstatic."""
    backend = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": backend}
