"""One's own tokens and sessions: what can act in one's name, and ending it."""

from django.contrib.auth import logout
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from tasks.errors import Refused
from users.models import ApiToken, Session
from users.sentences import sentence as _
from users.sessions import hash_of, sessions_of

from ..pagination import Pages
from ..serializers.tokens import OwnTokenSerializer, SessionSerializer
from .base import ViewSet, user_of
from .known_parameters import APIView

ENDED = {204: OpenApiResponse(description="It stopped working.")}


class Logout(APIView):
    @extend_schema(request=None, responses=ENDED)
    def post(self, request):
        """End what this request is signed in with: the token of a login, or a browser's session.

        A key made to last is refused; revoke it at `/api/current-user/tokens/`.
        """
        token = request.auth
        if isinstance(token, ApiToken) and token.kind != ApiToken.Kind.LOGIN:
            raise Refused(
                "not_a_login",
                _(
                    "This key was made to last: logging out would cut off the scripts that use it. "
                    "To end it all the same: DELETE /api/current-user/tokens/%(token)s/.",
                    token=token.pk,
                ),
            )
        if isinstance(token, ApiToken):
            token.revoke()
        else:
            logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnTokenViewSet(ViewSet):
    queryset = ApiToken.objects.order_by("-id")
    serializer_class = OwnTokenSerializer
    pagination_class = Pages

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.usable().filter(user=self.request.user)

    @extend_schema(operation_id="own_tokens", responses=OwnTokenSerializer(many=True))
    def list(self, request):
        """Your tokens that work: keys, logins and personal access tokens, newest first."""
        return self.page_of(self.get_queryset())

    @extend_schema(operation_id="own_token_revoke", responses=ENDED)
    def destroy(self, request, pk=None):
        """Revoke a token of yours."""
        self.get_object().revoke()
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnSessionViewSet(ViewSet):
    """`id` is the hash of a session's key: nobody can continue a session by it."""

    queryset = Session.objects.all()
    serializer_class = SessionSerializer
    pagination_class = Pages

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return sessions_of(user_of(self.request))

    @extend_schema(operation_id="own_sessions", responses=SessionSerializer(many=True))
    def list(self, request):
        """Where you are signed in with a browser, latest first."""
        return self.page_of(self.get_queryset())

    @extend_schema(operation_id="own_session_end", responses=ENDED)
    def destroy(self, request, pk=None):
        """Sign out there."""
        get_object_or_404(self.get_queryset(), pk=pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="own_sessions_end", responses=ENDED)
    def destroy_others(self, request):
        """Sign out everywhere, except in the session of this request."""
        self.get_queryset().exclude(pk=hash_of(request.session.session_key)).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
