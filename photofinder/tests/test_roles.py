"""Roles are groups: what they may do in Admin and in the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from conftest import Caller
from photofinder.roles import HasRole, Role, role_give, roles_sync

pytestmark = pytest.mark.django_db


def _may(role: Role, permission: str) -> bool:
    return role_give(username=f"some-{role}", role=role).has_perm(permission)


def test_it_gives_each_role_its_permissions_in_admin() -> None:
    roles_sync()
    assert _may(Role.ORGANISER, "faces.add_photo")
    assert _may(Role.ORGANISER, "faces.view_person")
    assert not _may(Role.ORGANISER, "faces.change_person")
    assert _may(Role.MODERATOR, "faces.change_person")
    assert _may(Role.MODERATOR, "faces.view_event")
    assert not _may(Role.MODERATOR, "faces.add_photo")
    for role in (Role.ORGANISER, Role.MODERATOR):
        assert _may(role, "media_index.view_sourcefile")
        assert _may(role, "media_index.change_duplicatepair")
        assert _may(role, "media_index.add_source") == (role == Role.ORGANISER)
    for role in (Role.CLIENT, Role.BOT):
        assert not Group.objects.get(name=role).permissions.exists()


def test_it_corrects_groups_that_were_changed() -> None:
    roles_sync()
    organisers = Group.objects.get(name="organiser")
    wanted = set(organisers.permissions.all())
    organisers.permissions.set(Group.objects.get(name="moderator").permissions.all())
    roles_sync()
    assert set(organisers.permissions.all()) == wanted


def test_it_leaves_other_groups_and_memberships_alone() -> None:
    other = Group.objects.create(name="photographers")
    user = role_give(username="ann", role=Role.MODERATOR)
    user.groups.add(other)
    roles_sync()
    assert set(user.groups.values_list("name", flat=True)) == {"moderator", "photographers"}


def test_a_superuser_may_everything() -> None:
    admin = Caller(User.objects.create_superuser("root"))
    assert admin.send("events/", {"name": "Gala"}).status_code == 201
    assert admin.read("users/").status_code == 200


def test_an_inactive_user_may_nothing() -> None:
    user = role_give(username="ann", role=Role.CLIENT)
    caller = Caller(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert caller.read("events/").status_code == 401


def test_a_method_without_roles_is_closed() -> None:
    class Open(APIView):
        def get(self, request: Any) -> None: ...

    class Request:
        method = "GET"
        user = role_give(username="ann", role=Role.ORGANISER)

    assert not HasRole().has_permission(Request(), Open())  # type: ignore[arg-type]


def test_every_method_of_the_api_names_its_roles() -> None:
    views = dict(_api_views(get_resolver().url_patterns))
    assert len(views) >= 12
    for name, view in views.items():
        methods = {method.upper() for method in view.http_method_names if hasattr(view, method)} - {"OPTIONS", "HEAD"}
        assert methods == set(getattr(view, "roles", {})), name


def _api_views(patterns: list[Any]) -> Iterator[tuple[str, type[APIView]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _api_views(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and HasRole in getattr(_view(pattern), "permission_classes", ()):
            yield str(pattern.name), _view(pattern)


def _view(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "cls", None)
