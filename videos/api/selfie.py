"""One selfie in, the moments of films in which they are out."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from faces.api.scope import EventChoice, asker_of, chosen_events, named_attendee, sees_drafts, visible_event
from faces.api.selfies import LikenessSerializer, SelfieView, sealed, sent_picture
from faces.services.attendance import attendee_search
from faces.services.moments import Moment, moments_of_matches
from photofinder.errors import Problem
from photofinder.fields import Fraction
from photofinder.roles import EVERYBODY
from videos.api.moments import MomentSerializer
from videos.models import Video

_MOST = 500


class WantedSerializer(LikenessSerializer, EventChoice):
    """A selfie, or what an earlier one was, and where to look."""

    limit = serializers.IntegerField(default=_MOST, min_value=1, max_value=_MOST)
    min_similarity = Fraction(default=0.5, help_text="0.5 is the default threshold: 1 in 10,000 strangers passes.")
    attendee = serializers.CharField(
        required=False, max_length=90, help_text="Who asks in a messenger, as telegram:12345; they must have agreed."
    )


class SelfieMoments(SelfieView):
    """Find a person in films by a selfie."""

    roles: ClassVar = {"POST": EVERYBODY}
    problems = (404, 410, 422, 503)

    @extend_schema(request={"multipart/form-data": WantedSerializer}, responses={200: MomentSerializer(many=True)})
    def post(self, request: Request) -> Response:
        """The moments in which they are, best first. Nothing of the selfie is kept. `no_videos` where the event that
        was asked for has no film.
        """
        form = WantedSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        moments: Any = _found(request, form.validated_data)[: form.validated_data["limit"]]
        return Response(MomentSerializer(moments, many=True, context={"request": request}).data)


def _found(request: Request, wanted: dict[str, Any]) -> list[Moment]:
    """What a valid form of WantedSerializer's fields finds. Raises Problem."""
    slug, code = wanted.get("event"), wanted.get("code", "")
    event = visible_event(request, slug, code) if slug else None
    if event and not Video.objects.filter(event=event).exists():
        raise Problem("no_videos", "There is no film of this event.")
    file = wanted.get("photo")
    found = attendee_search(
        asker=asker_of(request, named_attendee(request, wanted.get("attendee", ""))),
        events=chosen_events(request, slug, code),
        event=event,
        picture=sent_picture(file) if file else None,
        face_index=wanted.get("face"),
        likeness=sealed(wanted.get("likeness")),
        min_similarity=wanted["min_similarity"],
        is_in_films=True,
    )
    return moments_of_matches(found.matches.stills, is_attendee=not sees_drafts(request))
