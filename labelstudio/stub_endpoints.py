"""What Label Studio's web application asks in passing, and this site has none of. An empty answer lets it go on."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

NOTHING: dict[str, Any] = {"count": 0, "next": None, "previous": None, "results": []}


class MlBackends(APIView):
    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    def get(self, request):
        """Models that predict: none are run from here, so the list is empty. Predictions are imported."""
        return Response([])


class LabelLinks(APIView):
    @extend_schema(
        responses=inline_serializer(
            "LabelLinks",
            {
                "count": serializers.IntegerField(),
                "next": serializers.CharField(allow_null=True),
                "previous": serializers.CharField(allow_null=True),
                "results": serializers.ListField(child=serializers.JSONField()),
            },
        )
    )
    def get(self, request):
        """Labels that people added while labelling: there are none, all labels are in the configuration."""
        return Response(NOTHING)


class Templates(APIView):
    @extend_schema(
        responses=inline_serializer(
            "Templates",
            {
                "templates": serializers.ListField(child=serializers.JSONField()),
                "groups": serializers.ListField(child=serializers.CharField()),
            },
        )
    )
    def get(self, request):
        """Ready-made label configurations: none; a project brings its own."""
        return Response({"templates": [], "groups": []})
