"""Naming and merging categories on the pages of Admin, and taking it back."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media_index.admin.asked import Fields, Told
from media_index.models import ImageCluster
from media_index.services.categories import categories_merge, category_name, category_unmerge
from photofinder.errors import Problem


def name(sent: Fields, actor: User) -> Told:
    """Name a category."""
    [cluster, *_others] = sent.clusters("category")
    before = cluster.name
    category_name(cluster=cluster, name=sent.text("name"))
    cluster.refresh_from_db()
    text = _("The category is called “%s” now.") % cluster.name if cluster.name else _("The name is taken away.")
    return _told(text, cluster, {"kind": "name", "category": cluster.pk, "name": before})


@transaction.atomic
def merge(sent: Fields, actor: User) -> Told:
    """Make one category of several."""
    clusters = {cluster.pk: cluster for cluster in [*sent.clusters("into"), *sent.clusters("others")]}
    into = clusters.pop(sent.number("into"))
    before = into.name
    categories_merge(into=into, others=list(clusters.values()))
    category_name(cluster=into, name=sent.text("name"))
    into.refresh_from_db()
    count = len(clusters) + 1
    text = ngettext("%(count)d category is “%(name)s” now.", "%(count)d categories are “%(name)s” now.", count)
    undo = {"kind": "merge", "into": into.pk, "others": sorted(clusters), "name": before}
    return _told(text % {"count": count, "name": into}, into, undo)


def unmerge(sent: Fields, actor: User) -> Told:
    """Take a category that was merged out again."""
    [cluster, *_others] = sent.clusters("category")
    category_unmerge(cluster=cluster)
    return _told(_("“%s” is a category of its own again.") % cluster, cluster)


def name_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """The name before."""
    cluster = _cluster(kept["category"])
    category_name(cluster=cluster, name=kept["name"])
    return _told(_("Taken back: the name is as it was."), cluster)


@transaction.atomic
def merge_undo(kept: Mapping[str, Any], actor: User) -> Told:
    """The categories before."""
    into = _cluster(kept["into"])
    for pk in kept["others"]:
        category_unmerge(cluster=_cluster(pk))
    category_name(cluster=into, name=kept["name"])
    return _told(_("Taken back: they are categories of their own again."), into)


def _cluster(pk: int) -> ImageCluster:
    cluster = ImageCluster.objects.select_related("contract").filter(pk=pk).first()
    if cluster is None:
        raise Problem("not_found", _("What you chose is not there any more. Reload the page."))
    return cluster


def _told(sentence: str, cluster: ImageCluster, undo: Mapping[str, Any] | None = None) -> Told:
    return Told(sentence, undo, {"categories": [cluster.pk]})
