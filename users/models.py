"""People, and the tokens they sign requests with."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.password_validation import validate_password
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils.timezone import now

from .capabilities import SITE_ROLES, Role
from .emails import CANONICAL, CanonicalEmailField
from .recent_reads import TOKENS
from .sentences import sentence as _
from .sessions import Session
from .zones import validate_zone

USE_NOTED_EVERY = timedelta(minutes=1)


class UserQuerySet(models.QuerySet["User"]):
    def listed(self):
        """Everybody but the placeholders of imports that are not complete."""
        return self.filter(is_staged=False)

    def people(self):
        """Active people, without placeholders."""
        return self.filter(is_active=True, is_placeholder=False)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """Raises ValidationError for what is no e-mail, and for a password that is too easy to guess."""
        user = self.model(email=email, **fields)
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        owner = {"is_staff": True, "is_superuser": True, "site_role": Role.OWNER, "may_create_projects": True}
        return self.create_user(email, password, **(owner | fields))

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email=email)

    def placeholder(self, name: str) -> "User":
        """The inactive user that stands for `name`, somebody an import names who has no account."""
        email = f"{name}@placeholder.invalid"
        person = self.filter(email=email).first()
        return person or self.create_user(email, first_name=name, is_active=False, is_placeholder=True)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail, or a placeholder for somebody an import names."""

    email = CanonicalEmailField(max_length=254)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    site_role = models.CharField(
        max_length=2,
        choices=[(r, r.label) for r in SITE_ROLES],
        blank=True,
        help_text="Owner or administrator of the whole site.",
    )
    may_create_projects = models.BooleanField(default=False)
    is_staff = models.BooleanField("may enter the admin", default=False)
    is_active = models.BooleanField(default=True)
    is_placeholder = models.BooleanField(default=False, editable=False)
    placeholder_for = models.CharField(
        max_length=254,
        blank=True,
        editable=False,
        help_text="Of a placeholder: the e-mail that the file had. Exports have it again.",
    )
    is_staged = models.BooleanField(
        default=False,
        editable=False,
        help_text="A placeholder of an import that is not complete: nobody sees it yet.",
    )
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    wants_digest = models.BooleanField("e-mail me once a day about waiting work", default=True)
    digest_sent_on = models.DateField(null=True, editable=False)
    date_joined = models.DateTimeField(default=now, editable=False)
    last_activity = models.DateTimeField(default=now, editable=False)

    _password: str | None  # what set_password was given, until it is saved
    _sign_in_ends = False

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    objects = UserManager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                name="user_email_unique",
                violation_error_message=_("This e-mail already belongs to somebody."),
            ),
            models.CheckConstraint(condition=Q(email__regex=CANONICAL), name="user_email_canonical"),
            models.CheckConstraint(condition=Q(site_role__in=["", *SITE_ROLES]), name="user_site_role_known"),
            models.CheckConstraint(
                condition=Q(is_staged=False) | Q(is_placeholder=True, is_active=False),
                name="user_staged_is_placeholder",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **options: Any) -> "User":
        user = super().from_db(db, field_names, values, **options)
        user._as_loaded = dict(zip(field_names, values, strict=False))  # type: ignore[attr-defined]
        return user

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self._sign_in_ends = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password and a deactivation end every session and login token; a deactivation every key.

        Without `update_fields`: only the columns that differ from what was loaded. Forms of Django save
        whole rows, and would bring back a rank that was taken away since the row was read.
        """
        loaded = self.__dict__.get("_as_loaded", {})
        if loaded and not args and kwargs.get("update_fields") is None:
            changed = {name for name, value in loaded.items() if self.__dict__.get(name) != value}
            kwargs["update_fields"] = [f.name for f in self._meta.concrete_fields if f.attname in changed]
        # `_password` is set by set_password, and empty when a login only renews the hash.
        ends = self._password is not None or self._sign_in_ends or not self.is_active
        ends = ends and not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if ends:
                self.end_sign_ins()
        self._sign_in_ends = False
        saved = kwargs.get("update_fields")
        # A new one: copies of the row, such as those of cached tokens, have the old one.
        now_stored = {name: self.__dict__.get(name) for name in loaded if saved is None or name in saved}
        self._as_loaded = loaded | now_stored
        TOKENS.drop()

    def end_sign_ins(self) -> None:
        """Keys too, if they are inactive: those must not work again when somebody reactivates the account."""
        Session.objects.filter(user=self).delete()
        ended = self.api_tokens.filter(revoked_at=None)
        if self.is_active:
            ended = ended.filter(kind=ApiToken.Kind.LOGIN)
        ended.update(revoked_at=now())

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @property
    def username(self) -> str:
        return self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        named = "".join(name[:1] for name in (self.first_name, self.last_name))
        return (named or self.email[:2]).upper()

    @property
    def role_on_site(self) -> Role | None:
        """Owner or administrator everywhere, or None."""
        if self.is_superuser:
            return Role.OWNER
        return Role(self.site_role) if self.site_role else None

    @property
    def runs_site(self) -> bool:
        return self.is_active and self.role_on_site is not None


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self):
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=now()), revoked_at=None, user__is_active=True
        )


# While somebody else changes the person, every request of theirs would wait for that: a note is not worth it.
NOTE_USE = """
    WITH noted AS (
        UPDATE users_apitoken SET last_used_at = %(moment)s
        WHERE id = (SELECT id FROM users_apitoken WHERE id = %(token)s FOR NO KEY UPDATE SKIP LOCKED)
    )
    UPDATE users_user SET last_activity = %(moment)s
    WHERE id = (SELECT id FROM users_user WHERE id = %(user)s FOR NO KEY UPDATE SKIP LOCKED)
"""


class ApiToken(models.Model):
    """A named key. Only its hash is stored; a fast one is enough for 160 random bits (decisions/002)."""

    class Kind(models.TextChoices):
        KEY = "key", "Key"
        LOGIN = "login", "Login"
        PERSONAL = "personal", "Personal access token"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.KEY, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(
        max_length=8, editable=False, help_text="The first characters, to recognise a key by."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        TOKENS.drop()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        TOKENS.drop()
        return deleted

    @staticmethod
    def hash(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def issue(
        cls, user: User, *, name: str, expires_at: datetime | None = None, kind: str = Kind.KEY
    ) -> tuple["ApiToken", str]:
        """A new token and its key. The key can never be read again."""
        # Hexadecimal has no dots, so no client takes it for a JWT.
        key = secrets.token_hex(20)
        return cls.objects.create(
            user=user, name=name, kind=kind, key_hash=cls.hash(key), prefix=key[:8], expires_at=expires_at
        ), key

    def replace(self) -> str:
        """A new key with the name and expiry of this one, which ends."""
        with transaction.atomic():
            self.revoke()
            return ApiToken.issue(self.user, name=self.name, expires_at=self.expires_at, kind=self.kind)[1]

    def revoke(self) -> None:
        if self.revoked_at is None:
            self.revoked_at = now()
            self.save(update_fields=["revoked_at"])

    def note_use(self) -> None:
        """Remember the last use, to the minute: a write on every request would be a hot row."""
        moment = now()
        if self.last_used_at is None or moment - self.last_used_at > USE_NOTED_EVERY:
            self.last_used_at = moment
            # Not `save`, which would drop the cached tokens.
            with connection.cursor() as cursor:
                cursor.execute(NOTE_USE, {"token": self.pk, "user": self.user_id, "moment": moment})


class LoginTry(models.Model):
    """How often something was tried recently, counted by users.login_guard before it is done."""

    key = models.CharField(max_length=64, primary_key=True, help_text="Keyed hash of who tried.")
    kind = models.CharField(max_length=16)
    tries = models.PositiveIntegerField()
    until = models.DateTimeField(help_text="End of the window; then counting starts again.")

    class Meta:
        verbose_name_plural = "login tries"
        indexes = [models.Index(fields=["until"], name="login_try_ended")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.tries} until {self.until:%H:%M}"


class PasswordResetRequest(models.Model):
    """Somebody asked for a link to choose a new password. Stored alike for known and unknown addresses, so
    that the answer takes equally long; users.password_resets sends the mail.
    """

    email = CanonicalEmailField(max_length=254)
    created_at = models.DateTimeField(default=now, db_index=True)

    def __str__(self) -> str:
        return self.email
