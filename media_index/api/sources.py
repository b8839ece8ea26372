"""Sources over HTTP: folders and S3 prefixes whose images are catalogued."""

from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from media_index.models import Source
from media_index.querysets import SourceQuerySet
from media_index.services.sources import source_add, source_progress
from photofinder.roles import Role

_ORGANISERS = frozenset({Role.ORGANISER})


class SourceSerializer(serializers.Serializer[Source]):
    """A source."""

    id = serializers.IntegerField()
    location = serializers.CharField()
    copy = serializers.BooleanField(source="copies", help_text="Its files are copied into the storage.")
    state = serializers.CharField(help_text="`queued`, `listing`, `listed` or `failed`.")
    error = serializers.CharField(help_text="Why it could not be listed.")
    created_at = serializers.DateTimeField()


class SourceProgressSerializer(serializers.Serializer[Any]):
    """How far it is."""

    total = serializers.IntegerField(help_text="Files that were found and are still there.")
    indexed = serializers.IntegerField(help_text="Of which the content is known.")
    failed = serializers.IntegerField()
    gone = serializers.IntegerField(help_text="Files that are not there any more.")
    rate = serializers.FloatField(help_text="Files per second lately.")
    eta_s = serializers.IntegerField(allow_null=True, help_text="Seconds to go; null while nobody can tell.")


class SourceWithProgressSerializer(SourceSerializer):
    """A source, and how far it is."""

    progress = SourceProgressSerializer()
    unreadable = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()), help_text="Folders that could not be read, and why."
    )


class SourceSentSerializer(serializers.Serializer[Any]):
    """What to catalogue."""

    location = serializers.CharField(max_length=1000, help_text="A folder of the server, or s3://bucket/prefix.")
    copy = serializers.BooleanField(default=False, help_text="Copy the files; otherwise they are read where they lie.")


class SourceList(ListAPIView[Source]):
    """The sources, the newest first."""

    roles: ClassVar = {"GET": _ORGANISERS, "POST": _ORGANISERS}
    serializer_class = SourceSerializer

    def get_queryset(self) -> SourceQuerySet:
        """All."""
        sources: SourceQuerySet = Source.objects.order_by("-pk")
        return sources

    @extend_schema(request=SourceSentSerializer, responses={202: SourceSerializer})
    def post(self, request: Request) -> Response:
        """Catalogue a folder or an S3 prefix below one that MEDIA_ROOTS names; a known one is listed again."""
        form = SourceSentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        by = request.user if isinstance(request.user, User) else None
        sent = form.validated_data
        source = source_add(location=sent["location"], copies=sent["copy"], by=by)
        return Response(SourceSerializer(source).data, status=202)


class SourceDetail(APIView):
    """One source."""

    roles: ClassVar = {"GET": _ORGANISERS}

    @extend_schema(responses=SourceWithProgressSerializer)
    def get(self, request: Request, source_id: int) -> Response:
        """How far the source is."""
        source: Any = get_object_or_404(Source, pk=source_id)
        source.progress = source_progress(source)
        return Response(SourceWithProgressSerializer(source).data)
