"""What the lists of all apps are made of: Unfold's classes with Django's types, read-only rows, pictures."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold import decorators

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django_stubs_ext import StrOrPromise
else:
    from unfold.admin import ModelAdmin as _UnfoldModelAdmin
    from unfold.views import ChangeList as _UnfoldChangeList

    class _ChangeList(_UnfoldChangeList):
        """Counts a list once, and says how many rows there are in all only where a filter hides some."""

        def get_results(self, request: HttpRequest) -> None:
            super().get_results(request)
            if not self.query and not self.has_active_filters:
                self.full_result_count = self.result_count

    class ModelAdmin(_UnfoldModelAdmin):
        """Unfold's, which can also be written as `ModelAdmin[Row]` for the type checker."""

        show_full_result_count = False

        def __class_getitem__(cls, row: type[Model]) -> type["ModelAdmin"]:
            return cls

        def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[_ChangeList]:
            return _ChangeList


__all__ = ["ModelAdmin", "ReadOnly", "action", "display", "picture"]


Method = TypeVar("Method", bound=Callable[..., Any])


def display(
    *, description: "StrOrPromise", ordering: str | None = None, label: Mapping[Any, str] | None = None
) -> Callable[[Method], Method]:
    """A column of a list; `label` maps a key to the colour of its label, for methods that return (key, text)."""
    decorator = decorators.display(description=description, ordering=ordering, label=label)
    return cast(Callable[[Method], Method], decorator)


def action(*, description: "StrOrPromise", permissions: Sequence[str], icon: str) -> Callable[[Method], Method]:
    """Something to do with the chosen rows of a list, for those with the permissions."""
    return cast(
        Callable[[Method], Method],
        decorators.action(description=description, permissions=permissions, icon=icon),
    )


class ReadOnly:
    """Rows that are looked at here and written elsewhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one."""
        return False


def picture(url: str, description: str) -> SafeString:
    """A cell with the picture 120 pixels wide, or a blank where there is none yet."""
    if not url:
        return format_html('<span class="pf-thumb pf-blank" title="{}"></span>', _("No picture yet"))
    markup = '<img class="pf-thumb" src="{}" alt="{}" width="120" height="80" loading="lazy" decoding="async">'
    return format_html(markup, url, description)
