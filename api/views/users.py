"""People, their tokens, and signing in."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.response import Response

from reviews.visible_people import people_and_pseudonyms, visible_people, without_activity
from tasks.errors import Refused
from tasks.pseudonyms import is_pseudonym
from tasks.services import members
from users import login_guard, people
from users.authentication import TooManyTries
from users.capabilities import role_can
from users.client_address import client_address
from users.merging import merge
from users.models import ApiToken, User
from users.ranks import may_manage
from users.sentences import sentence as _

from ..filters.parameters import order_of, sorted_by
from ..pagination import LongList
from ..serializers.tokens import IssuedTokenSerializer, NewTokenSerializer, TokenSerializer
from ..serializers.users import (
    InvitationSerializer,
    InvitedSerializer,
    LoginSerializer,
    MergedSerializer,
    MergeSerializer,
    NewUserSerializer,
    PersonChangeSerializer,
    ProfileSerializer,
    UserSerializer,
)
from .base import ViewSet, person_named, project_for, sent, user_of
from .known_parameters import APIView


class RunsSite(BasePermission):
    message = _("Only an administrator of the site may do this.")

    def has_permission(self, request, view) -> bool:
        return bool(request.user.is_authenticated and role_can(request.user.role_on_site, "manage_site"))


PEOPLE_ORDERS = ("id", "email", "first_name", "last_name", "date_joined")


class UserViewSet(ViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer
    pagination_class = LongList

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return User.objects.none()
        return visible_people(user_of(self.request))

    def get_permissions(self):
        needs_admin = self.action in ("create", "partial_update", "tokens", "token")
        return [*super().get_permissions(), *([RunsSite()] if needs_admin else [])]

    @extend_schema(responses=UserSerializer(many=True), parameters=[order_of(*PEOPLE_ORDERS)])
    def list(self, request):
        """The people you share a project with. Administrators see everybody."""
        people = people_and_pseudonyms(request.user)
        if "ordering" in request.query_params:
            people = sorted_by(people, request, *PEOPLE_ORDERS)
        return self.page_of(people, bodies_of=self._bodies)

    def _bodies(self, people, reader):
        return self.get_serializer(without_activity(people, reader), many=True).data

    @extend_schema(responses=UserSerializer)
    def retrieve(self, request, pk=None):
        # A pseudonym has no row of its own: it is found among the people shown to this reader.
        shown = people_and_pseudonyms(request.user) if is_pseudonym(int(pk)) else ()
        person = next((one for one in shown if one.pk == int(pk)), None) or self.get_object()
        return Response(self._bodies([person], request.user)[0])

    @extend_schema(request=NewUserSerializer, responses={201: UserSerializer})
    def create(self, request):
        """A new person (administrators only). Without a password they set one by the password reset page."""
        # create_user hashes the password; a serializer would store it as it was sent.
        person = User.objects.create_user(
            **sent(NewUserSerializer, request, context=self.get_serializer_context())
        )
        return Response(self.get_serializer(person).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PersonChangeSerializer, responses=UserSerializer)
    def partial_update(self, request, pk=None):
        """Change, deactivate or reactivate a person (administrators only).

        Deactivating ends sessions and keys at once, frees what they hold, and keeps their work and verdicts.
        """
        person = self.get_object()
        context = {**self.get_serializer_context(), "person": person}
        changes = sent(PersonChangeSerializer, request, context=context, partial=True)
        changed = people.change(person, changes, actor=user_of(request))
        return Response(self.get_serializer(changed).data)

    @extend_schema(request=InvitationSerializer, responses={200: InvitedSerializer, 201: InvitedSerializer})
    @action(detail=False, methods=["post"])
    def invite(self, request):
        """Invite somebody by e-mail: into a project (its managers), or to the site (administrators).

        201 if they had no account: they get a mail with a link to choose a password. 200 if they had one.
        """
        body = sent(InvitationSerializer, request)
        project_id, role = body.pop("project", None), body.pop("role")
        if project_id is None and not role_can(request.user.role_on_site, "manage_site"):
            raise Refused(
                "project_required", _("Name the project: you may invite to yours."), field="project"
            )
        project = project_for(request, "manage_members", project_id) if project_id else None
        if wait := login_guard.count_reset(body["email"], client_address(request)):
            raise TooManyTries(wait)
        with transaction.atomic():
            person, is_new = people.invite(**body)
            if project:
                role = members.add(project, person, role, actor=user_of(request)).role
        answer = {"user": person, "is_new": is_new, "project": project_id, "role": role if project else None}
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(InvitedSerializer(answer).data, status=code)

    @extend_schema(methods=["get"], responses=TokenSerializer(many=True))
    @extend_schema(methods=["post"], request=NewTokenSerializer, responses={201: IssuedTokenSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def tokens(self, request, pk=None):
        """The tokens of a person (administrators only). The key of a new one is shown once."""
        person = self._managed()
        if request.method == "GET":
            return Response(TokenSerializer(person.api_tokens.all()[:1000], many=True).data)
        token, key = ApiToken.issue(person, **sent(NewTokenSerializer, request))
        token.token = key  # type: ignore[attr-defined]
        return Response(IssuedTokenSerializer(token).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: OpenApiResponse(description="Revoked.")})
    @action(detail=True, methods=["delete"], url_path=r"tokens/(?P<token_id>\d{1,18})")
    def token(self, request, pk=None, token_id=None):
        """Revoke a token. It stops working at once."""
        get_object_or_404(self._managed().api_tokens, pk=token_id).revoke()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=MergeSerializer, responses=MergedSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request, pk=None):
        """Merge a placeholder into a person: what was imported under its name becomes theirs.

        For managers of every project it has work in. The answer lists verdicts that became self-reviews.
        """
        placeholder = self.get_object()
        person = person_named(sent(MergeSerializer, request), "into", request)
        return Response(MergedSerializer(merge(placeholder, person, actor=request.user)).data)

    def _managed(self) -> User:
        """An administrator with an owner's token would be an owner."""
        person = self.get_object()
        if not may_manage(user_of(self.request), person):
            raise Refused(
                "permission_denied", _("Only an owner may manage the tokens of an owner."), status=403
            )
        return person


class WhoAmI(APIView):
    @extend_schema(responses=UserSerializer)
    def get(self, request):
        """The person this request is authenticated as."""
        return Response(UserSerializer(request.user).data)


class CurrentUser(WhoAmI):
    """The same at another address of Label Studio's, where people change their own names."""

    @extend_schema(request=ProfileSerializer, responses=UserSerializer)
    def patch(self, request):
        """Change your own names and phone number."""
        changes = sent(ProfileSerializer, request, partial=True)
        for name, value in changes.items():
            setattr(request.user, name, value)
        request.user.save(update_fields=list(changes))
        return Response(UserSerializer(request.user).data)


class Login(APIView):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    throttle_classes: list = []  # the login guard counts

    @extend_schema(
        request=LoginSerializer,
        responses=inline_serializer(
            "LoggedIn",
            {
                "token": serializers.CharField(),
                "expires_at": serializers.DateTimeField(),
                "user": UserSerializer(),
            },
        ),
    )
    def post(self, request):
        """A token that is valid for some hours, for an e-mail and password."""
        credentials = sent(LoginSerializer, request)
        user = authenticate(request._request, username=credentials["email"], password=credentials["password"])
        if user is None:
            return self._refuse(request)
        expires_at = timezone.now() + timedelta(hours=settings.LOGIN_TOKEN_HOURS)
        token, key = ApiToken.issue(user, name="login", expires_at=expires_at, kind=ApiToken.Kind.LOGIN)
        return Response({"token": key, "expires_at": token.expires_at, "user": UserSerializer(user).data})

    def _refuse(self, request):
        if wait := getattr(request._request, "login_wait", 0):
            raise TooManyTries(wait)
        raise Refused("bad_login", _("E-mail or password is wrong."), status=401)
