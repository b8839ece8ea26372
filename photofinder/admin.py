"""Who may sign in: users, roles, API tokens and failed sign-ins, in the look of the rest."""

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from photofinder.admin_classes import ModelAdmin, display

admin.site.unregister([User, Group, AuthToken, AccessAttempt, AccessFailureLog, AccessLog])


@admin.register(User)
class PhotoFinderUserAdmin(UserAdmin, ModelAdmin[User]):  # type: ignore[type-arg]  # not subscriptable when run
    """Users, with Unfold's forms."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_staff", "is_active", "last_login")


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin[Group]):
    """Roles."""


@admin.register(AuthToken)
class TokenAdmin(ModelAdmin[AuthToken]):
    """API tokens: `manage.py api_token` makes them, deleting one here revokes it."""

    list_display = ("beginning", "user", "created", "expiry")
    list_select_related = ("user",)
    search_fields = ("user__username", "token_key")
    fields = ("beginning", "user", "created", "expiry")

    @display(description=_("token"), ordering="token_key")
    def beginning(self, token: Any) -> str:
        """The first characters, which are all that is stored in clear."""
        return f"{token.token_key}…"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A token is shown once, to the one who runs the command."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token stays what it is."""
        return False


@admin.register(AccessAttempt)
class FailedSignInAdmin(ModelAdmin[AccessAttempt]):
    """Failed sign-ins; deleting one unlocks the name at that address."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They happen."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They stay what they are."""
        return False
