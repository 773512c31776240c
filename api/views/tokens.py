"""Personal access tokens as Label Studio's SDK creates and exchanges them, and the older single key."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tasks.errors import Refused
from users import personal_tokens
from users.authentication import refuse_flood
from users.models import ApiToken
from users.sentences import sentence as _

from ..filters.parameters import order_of, sorted_by
from ..serializers.tokens import PersonalTokenSerializer, RefreshSerializer
from .base import sent
from .known_parameters import APIView

ISSUED = inline_serializer(
    "IssuedPersonalToken",
    {
        "token": serializers.CharField(),
        "created_at": serializers.DateTimeField(),
        "expires_at": serializers.DateTimeField(),
    },
)
KEY = inline_serializer("OwnKey", {"token": serializers.CharField()})


class PersonalTokens(APIView):
    @extend_schema(
        operation_id="token_list",
        parameters=[order_of("created_at", "expires_at")],
        responses=PersonalTokenSerializer(many=True),
    )
    def get(self, request):
        """Your usable personal access tokens. Their full text is shown once, when they are created."""
        mine = ApiToken.objects.usable().filter(user=request.user, kind=ApiToken.Kind.PERSONAL)
        rows = sorted_by(mine[:1000], request, "created_at", "expires_at")
        return Response(PersonalTokenSerializer(rows, many=True).data)

    @extend_schema(operation_id="token_create", request=None, responses={201: ISSUED})
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
        return Response({"access": _with_token(request, personal_tokens.access_of)})


class Rotate(APIView):
    @extend_schema(
        operation_id="token_rotate",
        request=RefreshSerializer,
        responses=inline_serializer("RotatedToken", {"refresh": serializers.CharField()}),
    )
    def post(self, request):
        """A new personal access token in place of this one of yours, which ends."""
        return Response({"refresh": personal_tokens.rotate(_own_token(request))})


class Blacklist(APIView):
    @extend_schema(
        operation_id="token_blacklist",
        request=RefreshSerializer,
        responses={204: OpenApiResponse(description="Revoked.")},
    )
    def post(self, request):
        """Revoke a personal access token of yours, and every access token created from it, at once."""
        _own_token(request).revoke()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _own_token(request: Request) -> ApiToken:
    token = _with_token(request, personal_tokens.find)
    if token.user_id != request.user.pk:
        raise Refused("not_found", _("This is not a token of yours."), status=404)
    return token


def _with_token(request: Request, use: Callable[[str], Any]) -> Any:
    try:
        return use(sent(RefreshSerializer, request)["refresh"])
    except personal_tokens.InvalidToken:
        refuse_flood(request)
        raise Refused("token_not_valid", _("Token is invalid"), status=401)


class OwnKey(APIView):
    @extend_schema(operation_id="current_user_token", responses=KEY)
    def get(self, request):
        """The key of this request. Keys are stored hashed, so no other can be read."""
        if _key_of(request) is None:
            raise Refused(
                "not_readable",
                _(
                    "Keys are stored hashed and cannot be shown again."
                    " POST /api/current-user/reset-token/ creates a new one."
                ),
                status=404,
            )
        return Response({"token": request.headers["Authorization"].partition(" ")[2].strip()})


class ResetKey(APIView):
    @extend_schema(operation_id="current_user_reset_token", request=None, responses={201: KEY})
    def post(self, request):
        """A new key in place of the one of this request. Signed in otherwise: an additional key."""
        old = _key_of(request)
        key = old.replace() if old else ApiToken.issue(request.user, name="api")[1]
        return Response({"token": key}, status=status.HTTP_201_CREATED)


def _key_of(request: Request) -> ApiToken | None:
    """The key this request is signed with; None for sessions and access tokens."""
    token = request.auth
    return token if isinstance(token, ApiToken) and token.kind != ApiToken.Kind.PERSONAL else None
