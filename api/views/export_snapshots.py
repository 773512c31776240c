"""Saved exports: created once, then polled, downloaded and converted."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response

from exchange.exporting import snapshots
from exchange.exporting.formats import FORMATS
from exchange.models import Export, Status
from tasks.errors import Refused
from tasks.models import Project, View

from ..filters.export import FORMAT, requested_format
from ..filters.lists import ExportOrder
