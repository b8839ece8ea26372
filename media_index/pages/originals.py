"""Originals that lie in sources, behind signed URLs that expire."""

from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from media_index.models import Image
from media_index.services.originals import original_find, original_key
from photofinder.errors import Problem
from photofinder.images import EXTENSIONS
from photofinder.media import CONTENT_TYPES, problem_json, seconds_left
from photofinder.storage import is_signed


@require_safe
def original(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """The file as it lies in its source; one on S3 is fetched from there."""
    expires = request.GET.get("expires", "")
    if not is_signed(original_key(sha256), expires, request.GET.get("signature", "")):
        return problem_json(403, "link_expired", "This link is not valid any more; ask for a new one.")
    image = Image.objects.filter(sha256=sha256).first()
    try:
        found = original_find(image=image) if image else None
    except Problem as problem:
        return problem_json(404, "not_found", problem.detail)
    if image is None or found is None:
        return problem_json(404, "not_found", "There is no such image.")
    if found.url:
        return HttpResponseRedirect(found.url)
    content_type = CONTENT_TYPES[f".{EXTENSIONS[image.format]}"]
    response = FileResponse(found.stream, filename=_printable(found.name), content_type=content_type)
    patch_cache_control(response, private=True, immutable=True, max_age=seconds_left(expires))
    return response


def _printable(name: str) -> str:
    """A name without what breaks headers and terminals."""
    return "".join(letter for letter in name if letter.isprintable())
