"""Personal access tokens as Label Studio's SDK makes and exchanges them, and the older single key."""

from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.errors import Refused
from users import personal_tokens
from users.models import ApiToken

from ..serializers.tokens import PersonalTokenSerializer, RefreshSerializer
from .base import sent

MADE = inline_serializer(
    "IssuedPersonalToken",
    {
        "token": serializers.CharField(),
        "created_at": serializers.DateTimeField(),
        "expires_at": serializers.DateTimeField(),
    },
)
KEY = inline_serializer("OwnKey", {"token": serializers.CharField()})


class PersonalTokens(APIView):
    @extend_schema(operation_id="token_list", responses=PersonalTokenSerializer(many=True))
    def get(self, request):
        """Your personal access tokens that can be used. Their full text is shown once, when they are made."""
        mine = ApiToken.objects.usable().filter(user=request.user, kind=ApiToken.Kind.PERSONAL)
        return Response(PersonalTokenSerializer(mine[:1000], many=True).data)

    @extend_schema(operation_id="token_create", request=None, responses={201: MADE})
    def post(self, request):
        """A new personal access token of yours: a JWT, to be exchanged at `/api/token/refresh/`."""
        token, key = personal_tokens.issue(request.user)
        body = {"token": key, "created_at": token.created_at, "expires_at": token.expires_at}
        return Response(body, status=status.HTTP_201_CREATED)


class Refresh(APIView):
    authentication_classes: list = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="token_refresh",
        request=RefreshSerializer,
        responses=inline_serializer("AccessToken", {"access": serializers.CharField()}),
    )
    def post(self, request):
        """Five minutes of access for a personal access token. Send it as `Authorization: Bearer <access>`."""
        return Response({"access": _valid(personal_tokens.access_of, request)})


class Rotate(APIView):
    @extend_schema(
        operation_id="token_rotate",
        request=RefreshSerializer,
        responses=inline_serializer("RotatedToken", {"refresh": serializers.CharField()}),
    )
    def post(self, request):
        """A new personal access token in place of this one of yours, which ends."""
        token = _own(request)
        with transaction.atomic():
            token.revoke()
            _, key = personal_tokens.issue(request.user, name=token.name)
        return Response({"refresh": key})


class Blacklist(APIView):
    @extend_schema(
        operation_id="token_blacklist",
        request=RefreshSerializer,
        responses={204: OpenApiResponse(description="Revoked.")},
    )
    def post(self, request):
        """Revoke a personal access token of yours, and every access token made from it, at once."""
        _own(request).revoke()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _own(request) -> ApiToken:
    token = _valid(personal_tokens.find, request)
    if token.user_id != request.user.pk:
        raise Refused("not_found", "This is no token of yours.", status=404)
    return token


def _valid(use, request):
    try:
        return use(sent(RefreshSerializer, request)["refresh"])
    except personal_tokens.InvalidToken:
        raise Refused("token_not_valid", "Token is invalid", status=401)


class OwnKey(APIView):
    @extend_schema(operation_id="current_user_token", responses=KEY)
    def get(self, request):
        """The key this request came with: keys are stored hashed, no other can be read back."""
        _refuse_without_key(request)
        return Response({"token": request.headers["Authorization"].partition(" ")[2].strip()})


class ResetKey(APIView):
    @extend_schema(operation_id="current_user_reset_token", request=None, responses={201: KEY})
    def post(self, request):
        """A new key in place of the one this request came with; signed in otherwise, one more key."""
        old = request.auth if _came_with_key(request) else None
        with transaction.atomic():
            if old:
                old.revoke()
            kept = {"name": old.name, "expires_at": old.expires_at} if old else {"name": "api"}
            _, key = ApiToken.issue(request.user, **kept)
        return Response({"token": key}, status=status.HTTP_201_CREATED)


def _came_with_key(request) -> bool:
    return isinstance(request.auth, ApiToken) and request.auth.kind == ApiToken.Kind.KEY


def _refuse_without_key(request) -> None:
    if not _came_with_key(request):
        detail = "Keys are stored hashed and cannot be shown again. Make a new one with POST /api/current-user/reset-token/."
        raise Refused("not_readable", detail, status=404)
