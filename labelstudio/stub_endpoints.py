"""Endpoints of things this site does not have. Label Studio's web application needs an answer to go on."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from api.views.known_parameters import APIView

EMPTY_PAGE: dict[str, Any] = {"count": 0, "next": None, "previous": None, "results": []}


class MlBackends(APIView):
    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    def get(self, request):
        """ML backends: always empty. Predictions are imported."""
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
        """Labels added while labelling: always empty. All labels are in the configuration."""
        return Response(EMPTY_PAGE)


class Templates(APIView):
    @extend_schema(
        responses=inline_serializer(
            "ConfigTemplates",
            {
                "templates": serializers.ListField(child=serializers.JSONField()),
                "groups": serializers.ListField(child=serializers.CharField()),
            },
        )
    )
    def get(self, request):
        """Templates of label configurations: always empty."""
        return Response({"templates": [], "groups": []})
