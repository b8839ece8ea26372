"""The sidebar of Admin: what this user may open, in the order of the work."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

_PAGES = (
    "index",
    "faces_person_find",
    "faces_person_board",
    "media_index_image_search",
    "videos_video_search",
)  # below no list, or beside it


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of links for Unfold's sidebar."""
    groups = {
        "": [_item(request, _("Dashboard"), "space_dashboard", "index")],
        _("Photos"): [
            _item(request, _("Events"), "event", "faces_event_changelist", "faces.view_event"),
            _item(request, _("Photos"), "photo_library", "faces_photo_changelist", "faces.view_photo"),
            _item(request, _("Uploads"), "cloud_upload", "faces_uploadbatch_changelist", "faces.view_uploadbatch"),
        ],
        _("People"): [
            _item(request, _("Find a person"), "frame_person", "faces_person_find", "faces.view_person"),
            _item(request, _("People"), "groups", "faces_person_changelist", "faces.view_person"),
            _item(request, _("Review board"), "dashboard_customize", "faces_person_board", "faces.view_person"),
            _item(request, _("Decisions"), "history", "faces_decision_changelist", "faces.view_decision"),
        ],
        _("Films"): [
            _item(request, _("Films"), "movie", "videos_video_changelist", "videos.view_video"),
            _item(request, _("Search films"), "manage_search", "videos_video_search", "videos.view_video"),
        ],
        _("Library"): [
            _item(
                request, _("Search the library"), "image_search", "media_index_image_search", "media_index.view_image"
            ),
            _item(request, _("Images"), "hard_drive", "media_index_image_changelist", "media_index.view_image"),
            _item(
                request,
                _("Categories"),
                "category",
                "media_index_imagecluster_changelist",
                "media_index.view_imagecluster",
            ),
            _item(
                request,
                _("Duplicates"),
                "file_copy",
                "media_index_duplicatepair_changelist",
                "media_index.view_duplicatepair",
            ),
            _item(request, _("Sources"), "folder_open", "media_index_source_changelist", "media_index.view_source"),
        ],
        _("Privacy"): [
            _item(
                request, _("Searches"), "search_activity", "faces_selfiesearch_changelist", "faces.view_selfiesearch"
            ),
            _item(request, _("Objections"), "person_cancel", "faces_notme_changelist", "faces.view_notme"),
            _item(request, _("Erasures"), "receipt_long", "faces_erasure_changelist", "faces.view_erasure"),
            _item(request, _("Opt-outs"), "person_off", "faces_optout_changelist", "faces.view_optout"),
        ],
        _("Administration"): [
            _item(request, _("Users"), "person", "auth_user_changelist", "auth.view_user"),
            _item(request, _("Roles"), "shield_person", "auth_group_changelist", "auth.view_group"),
            _item(request, _("API tokens"), "key", "knox_authtoken_changelist", "knox.view_authtoken"),
            _item(
                request, _("Failed sign-ins"), "lock_clock", "axes_accessattempt_changelist", "axes.view_accessattempt"
            ),
        ],
    }
    return [{"title": title, "separator": bool(title), "items": items} for title, items in groups.items()]


def _item(request: HttpRequest, title: str, icon: str, name: str, permission: str = "") -> dict[str, Any]:
    link = reverse(f"admin:{name}")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "active": _is_active(request.path, link),
        "permission": lambda _request: not permission or request.user.has_perm(permission),
    }


def _is_active(path: str, link: str) -> bool:
    """A list's link is active on the pages of its rows too, but not on a page that has a link of its own."""
    with_link_of_their_own = {reverse(f"admin:{name}") for name in _PAGES}
    return path == link or (path.startswith(link) and not {path, link} & with_link_of_their_own)
