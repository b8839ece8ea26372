"""The page of one image: what it is, what people say of it, where its file lies, and what is like it."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from media_index.admin.deciding import MAY_SAY
from media_index.admin.saying import tags_text
from media_index.admin.searching import TAGS_OFFERED
from media_index.admin.shown import LARGE_PX, PLACES_SHOWN, Card, camera_clock, card, cards, files_lying, thumbnail
from media_index.api.shapes import images_shown
from media_index.models import DuplicatePair, Image, ImageClusterMember, Tag
from media_index.services.originals import original_url
from media_index.services.search import media_search
from photofinder.errors import Problem

SIMILAR_SHOWN = 12
FILES_SHOWN = 20


def image_page(request: HttpRequest, image: Image) -> dict[str, Any]:
    """The context of the page."""
    [shown] = images_shown([(image.pk, None, "")])
    shown_card = card(shown)
    files = list(files_lying([image.pk])[: FILES_SHOWN + 1])
    return {
        "image": shown.image,
        "card": shown_card,
        "tags_text": tags_text(shown_card.tags),
        "preview": thumbnail(image, LARGE_PX),
        "original_url": original_url(image),
        "taken": camera_clock(image.taken_at),
        "names": list(dict.fromkeys(shown.facts.names))[:PLACES_SHOWN],
        "events": [(title, _of_event(slug)) for slug, title in shown.facts.events.items()],
        "files": files[:FILES_SHOWN],
        "has_more_files": len(files) > FILES_SHOWN,
        "membership": _membership(image),
        "may_say": request.user.has_perm(MAY_SAY),
        "tags_offered": Tag.objects.values_list("name", flat=True)[:TAGS_OFFERED],
        **_similar(image),
        **_duplicates(image),
    }


def _of_event(slug: str) -> str:
    return f"{reverse('admin:media_index_image_search')}?event={slug}"


def _membership(image: Image) -> ImageClusterMember | None:
    members = ImageClusterMember.objects.filter(image=image, contract__in_use=True)
    return members.select_related("cluster").first()


def _similar(image: Image) -> dict[str, Any]:
    """Those that look like it, or why nobody can tell."""
    try:
        found = media_search(like=image, limit=SIMILAR_SHOWN)
    except Problem as problem:
        return {"similar": [], "not_compared": problem.detail}
    return {"similar": cards([(hit.image_id, hit.similarity, hit.because) for hit in found.hits])}


def _duplicates(image: Image) -> dict[str, Any]:
    """Images that show the same picture: those that nobody decided about, and those it hides or that hide it."""
    pairs = DuplicatePair.objects.filter(Q(first=image) | Q(second=image), state=DuplicatePair.State.OPEN)
    waiting = list(pairs.order_by("-similarity")[:SIMILAR_SHOWN])
    others = [pair.second_id if pair.first_id == image.pk else pair.first_id for pair in waiting]
    hidden = list(image.superseded.order_by("pk").values_list("pk", flat=True)[:SIMILAR_SHOWN])
    by = [image.superseded_by_id] if image.superseded_by_id else []
    found: dict[int, Card] = {row.image.pk: row for row in cards([(pk, None, "") for pk in {*others, *hidden, *by}])}
    return {
        "duplicates": [found[pk] for pk in others if pk in found],
        "duplicates_url": _group_url(waiting[0].group) if waiting else "",
        "hidden": [found[pk] for pk in hidden if pk in found],
        "hidden_by": found.get(by[0]) if by else None,
    }


def _group_url(number: int) -> str:
    return f"{reverse('admin:media_index_duplicatepair_changelist')}?after={number - 1}"
