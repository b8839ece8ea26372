"""Categories of similar images: found by name, named, merged, browsed."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from media_index.admin.deciding import MAY_SORT
from media_index.admin.searching import grid_context
from media_index.admin.shown import IMAGES_PER_PAGE, SMALL_PX, Page, page_addresses, page_number, thumbnail
from media_index.models import Image, ImageCluster, ImageClusterMember
from media_index.querysets import ClusterQuerySet
from photofinder.admin_classes import ModelAdmin, ReadOnly

CATEGORIES_PER_PAGE = 60
VIEWS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {  # title, what is in it, what is not
    "several": (gettext_lazy("Of several images"), {"size__gt": 1}, {}),
    "named": (gettext_lazy("With a name"), {}, {"name": ""}),
    "nameless": (gettext_lazy("Without a name"), {"name": "", "size__gt": 1}, {}),
    "all": (gettext_lazy("All"), {}, {}),
}

may_see = permission_required("media_index.view_imagecluster", raise_exception=True)


@admin.register(ImageCluster)
class ImageClusterAdmin(ReadOnly, ModelAdmin[ImageCluster]):
    """Categories."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The wall of categories."""
        return categories_view(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The images of one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        cluster = self.get_object(request, object_id)
        if cluster is None or request.method == "POST":
            return super().change_view(request, object_id, form_url, extra_context)
        if cluster.merged_into_id:
            return redirect("admin:media_index_imagecluster_change", cluster.merged_into_id)
        return render(request, "admin/media_index/imagecluster/category.html", _category(request, cluster))


@may_see
def categories_view(request: HttpRequest) -> HttpResponse:
    """The largest first."""
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "several"
    term = " ".join(request.GET.get("q", "").replace("\0", "").split())[:200]
    found = _found(view, term)
    page = Page(page_number(request), found.count(), CATEGORIES_PER_PAGE)
    rows = found.order_by("-size", "pk").pictured().defer("centroid")[page.offset : page.offset + page.size]
    context = {
        **admin.site.each_context(request),
        "title": _("Categories"),
        "rows": [(cluster, thumbnail(cluster.picture, SMALL_PX)) for cluster in rows],
        "view": view,
        "term": term,
        "views": [(name, title, _address(name)) for name, (title, _is, _not) in VIEWS.items()],
        "may_sort": request.user.has_perm(MAY_SORT),
        **page_addresses(request, page),
    }
    return render(request, "admin/media_index/imagecluster/categories.html", context)


def _found(view: str, term: str) -> ClusterQuerySet:
    """Those of the view; a name is looked for among all."""
    current: ClusterQuerySet = ImageCluster.objects.current()
    if term:
        return current.filter(name__icontains=term)
    _title, included, excluded = VIEWS[view]
    found = current.filter(**included)
    return found.exclude(**excluded) if excluded else found


def _address(view: str) -> str:
    return f"{reverse('admin:media_index_imagecluster_changelist')}?view={view}"


def _category(request: HttpRequest, cluster: ImageCluster) -> dict[str, Any]:
    members = _members(cluster)
    page = Page(page_number(request), members.count(), IMAGES_PER_PAGE)
    rows = members.order_by("-similarity", "pk").values_list("image", "similarity")
    part = [(image, similarity, "") for image, similarity in rows[page.offset : page.offset + page.size]]
    return {
        **admin.site.each_context(request),
        "title": str(cluster),
        "cluster": cluster,
        "merged": cluster.merged.defer("centroid").order_by("pk"),
        "may_sort": request.user.has_perm(MAY_SORT),
        **grid_context(request, part),
        **page_addresses(request, page),
    }


def _members(cluster: ImageCluster) -> QuerySet[ImageClusterMember]:
    members: QuerySet[ImageClusterMember] = ImageClusterMember.objects.filter(cluster=cluster)
    return members.filter(image__in=Image.objects.shown())
