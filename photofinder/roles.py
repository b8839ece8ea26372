"""Who may do what: roles are Django groups, named by the views of the API and turned into permissions for Admin."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.db import transaction
from django.db.models import prefetch_related_objects
from rest_framework.permissions import BasePermission
from rest_framework.throttling import ScopedRateThrottle

if TYPE_CHECKING:  # DRF's views import this module, which is their default permission
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Role(StrEnum):
    """The name of the group."""

    ORGANISER = "organiser"
    MODERATOR = "moderator"
    CLIENT = "client"
    BOT = "bot"


EVERYBODY = frozenset(Role)
STAFF_AND_CLIENTS = EVERYBODY - {Role.BOT}


def _codenames(app: str, actions: str, models: str) -> set[str]:
    return {f"{app}.{action}_{model}" for action, model in product(actions.split(), models.split())}


_VIEW = (
    _codenames(
        "faces", "view", "event photo uploadbatch refusal face person decision selfiesearch notme erasure optout"
    )
    | _codenames(
        "media_index", "view", "image tag imagecluster imageclustermember imagecontract duplicatepair source sourcefile"
    )
    | _codenames("videos", "view", "video videoevent")
)
_DECIDE = _codenames("media_index", "change", "image imagecluster duplicatepair")
# What a role may do in Admin. Clients and bots only use the API.
PERMISSIONS: dict[Role, set[str]] = {
    Role.ORGANISER: _VIEW
    | _DECIDE
    | _codenames("faces", "add change delete", "event photo uploadbatch")
    | _codenames("media_index", "add change", "source")
    | _codenames("videos", "add change delete", "video"),
    Role.MODERATOR: _VIEW | _DECIDE | _codenames("faces", "change", "person"),
    Role.CLIENT: set(),
    Role.BOT: set(),
}


class HasRole(BasePermission):
    """Lets in whoever has one of the roles that the view's `roles` name for the method, and superusers."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """A method that the view does not have passes, so that the answer is 405; one without roles is closed."""
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return bool(request.user.is_authenticated)
        allowed: frozenset[Role] = getattr(view, "roles", {}).get(method, frozenset())
        self.message = f"This needs the role {' or '.join(sorted(allowed)) or 'of an administrator'}."
        return request.user.is_authenticated and (is_superuser(request.user) or bool(roles_of(request.user) & allowed))


class RoleThrottle(ScopedRateThrottle):
    """The limit of the view's `throttle_scope` for each user; another one for bots, which ask for many people and hold
    each of them to a limit of their own.
    """

    def allow_request(self, request: "Request", view: "APIView") -> bool:
        """By the rate of the scope, for bots of `<scope>-bot`."""
        self.is_bot = roles_of(request.user) == {Role.BOT}
        return super().allow_request(request, view)

    def get_rate(self) -> str | None:
        """Of the scope that the view named."""
        if self.is_bot:
            self.scope = f"{self.scope}-bot"
        return super().get_rate()


def is_superuser(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user may do everything."""
    return isinstance(user, User) and user.is_superuser


def roles_of(user: AbstractBaseUser | AnonymousUser) -> frozenset[Role]:
    """The user's roles; asks the database once per user object."""
    if not isinstance(user, User):
        return frozenset()
    prefetch_related_objects([user], "groups")
    return frozenset(Role(group.name) for group in user.groups.all() if group.name in EVERYBODY)


@transaction.atomic
def roles_sync() -> None:
    """Make the groups and give them exactly the permissions of PERMISSIONS."""
    for role, codenames in PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(_permissions(codenames))


@transaction.atomic
def role_give(*, username: str, role: Role) -> User:
    """The user of that name, made without a password when there is none, with the role."""
    user, is_new = User.objects.get_or_create(username=username)
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def _permissions(names: Iterable[str]) -> list[Permission]:
    """The permissions of `app.codename`. Raises LookupError for one that no model has."""
    wanted = set(names)
    apps = {name.partition(".")[0] for name in wanted}
    permissions = Permission.objects.filter(content_type__app_label__in=apps).select_related("content_type")
    by_name: dict[str, Any] = {f"{row.content_type.app_label}.{row.codename}": row for row in permissions}
    if missing := wanted - by_name.keys():
        raise LookupError(f"No model has the permissions {', '.join(sorted(missing))}; run `manage.py migrate` first.")
    return [by_name[name] for name in wanted]
