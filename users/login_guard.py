"""Limits how often passwords and keys can be tried, and how many mails can be asked for.

Counted in PostgreSQL, before the password is looked at, so that all processes and threads count together.

- A person at one address has LOGIN_TRIES wrong passwords in LOGIN_WINDOW_SECONDS. Somebody elsewhere who
  tries this person's password does not lock them out.
- A person is protected from many addresses by LOGIN_TRIES_PER_EMAIL. It does not count where that person has
  signed in during the last KNOWN_DAYS days: they get in while somebody attacks their account.
- An address has LOGIN_TRIES_PER_ADDRESS wrong passwords, whoever they are for.

A sign-in takes its own try back. Tries that are refused count no further, so one address cannot use up what
others have for a person.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.timezone import now

from .client_address import address_group
from .models import LoginTry

KNOWN = "known"
KNOWN_DAYS = 30

COUNT = """
    INSERT INTO users_logintry AS t (key, kind, tries, until)
    VALUES (%(key)s, %(kind)s, 1, now() + %(window)s * interval '1 second')
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN t.until <= now() THEN 1 ELSE t.tries + 1 END,
        until = CASE WHEN t.until <= now() THEN excluded.until ELSE t.until END
    RETURNING tries, extract(epoch FROM until - now())
"""


@dataclass(frozen=True)
class Limit:
    kind: str
    who: str
    most: int
    seconds: int

    @property
    def key(self) -> str:
        return _key(self.kind, self.who)

    def count(self) -> int:
        """Count one more. Zero if it is allowed, else the seconds to wait."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT, {"key": self.key, "kind": self.kind, "window": self.seconds})
            tries, left = cursor.fetchone()
        return max(1, int(left)) if tries > self.most else 0

    def take_back(self) -> None:
        LoginTry.objects.filter(key=self.key, tries__gt=0).update(tries=F("tries") - 1)


def _key(kind: str, who: str) -> str:
    """Keyed: hashes of addresses could be guessed."""
    return salted_hmac("countersign.login_guard", f"{kind} {who}", algorithm="sha256").hexdigest()


def count(*limits: Limit) -> int:
    """Count each, up to the first that is used up. The seconds to wait, or zero."""
    for limit in limits:
        if wait := limit.count():
            return wait
    return 0


# --- passwords -----------------------------------------------------------------------------------------


def seconds_to_wait(email: str, address: str) -> int:
    """Count a password for `email` (canonical) from `address`. Zero if it may be checked."""
    wait = count(_by_address(address), _by_person_there(email, address))
    if wait or _is_known(email, address):
        return wait
    return count(_by_email(email))


def count_unknown(address: str) -> int:
    """Count a password for what is no e-mail at all."""
    return count(_by_address(address))


def signed_in(email: str, address: str) -> None:
    _by_address(address).take_back()
    LoginTry.objects.filter(key=_by_person_there(email, address).key).delete()
    if not _is_known(email, address):
        _by_email(email).take_back()
    known = {"kind": KNOWN, "tries": 0, "until": now() + timedelta(days=KNOWN_DAYS)}
    LoginTry.objects.update_or_create(key=_known_key(email, address), defaults=known)


def _by_address(address: str) -> Limit:
    most, seconds = settings.LOGIN_TRIES_PER_ADDRESS, settings.LOGIN_WINDOW_SECONDS
    return Limit("address", address_group(address), most, seconds)


def _by_person_there(email: str, address: str) -> Limit:
    who = f"{email} {address_group(address)}"
    return Limit("person", who, settings.LOGIN_TRIES, settings.LOGIN_WINDOW_SECONDS)


def _by_email(email: str) -> Limit:
    return Limit("email", email, settings.LOGIN_TRIES_PER_EMAIL, settings.LOGIN_WINDOW_SECONDS)


def _known_key(email: str, address: str) -> str:
    return _key(KNOWN, f"{email} {address_group(address)}")


def _is_known(email: str, address: str) -> bool:
    return LoginTry.objects.filter(key=_known_key(email, address), until__gt=now()).exists()


# --- everything else -----------------------------------------------------------------------------------


def count_own_password(user_id: int) -> int:
    """Count the old password that somebody who is signed in gives to choose a new one."""
    return count(Limit("own", str(user_id), settings.LOGIN_TRIES, settings.LOGIN_WINDOW_SECONDS))


def count_bad_key(address: str) -> int:
    """Count a token that is not valid. Valid ones are not counted: they work from every address."""
    most, seconds = settings.BAD_TOKENS_PER_ADDRESS, settings.LOGIN_WINDOW_SECONDS
    return count(Limit("token", address_group(address), most, seconds))


def count_reset(email: str, address: str) -> int:
    """Count a mail with a link to choose a new password, whether or not somebody has this e-mail."""
    hour = 3600
    return count(
        Limit("reset-from", address_group(address), settings.PASSWORD_RESETS_PER_ADDRESS, hour),
        Limit("reset", email, settings.PASSWORD_RESETS, hour),
    )
