"""One spelling for each e-mail, in every place that stores, compares or counts one."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from exchange.importing.authorship import UsersMap
from exchange.importing.fields import InvalidField, as_person
from exchange.management.arguments import person_named
from reviews.visible_people import find_person
from tasks.admin.members import person_called
from tests.docs.pages import ROOT
from tests.factories import PASSWORD, client_of, person
from tests.parallel import together
from users.emails import InvalidEmail, canonical_email
from users.models import User


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ANN@Example.ORG", "ann@example.org"),
        (" ann@example.org\t", "ann@example.org"),
        ("ann@example.org\u3000", "ann@example.org"),  # an ideographic space
        ("ſite@example.org", "site@example.org"),  # long s
        ("Kit@example.org", "kit@example.org"),  # the sign of Kelvin
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ann@example.org"),
        ("ann+one@example.org", "ann+one@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("ann@localhost", "ann@localhost"),
        ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@XN--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),  # not strasse.example, which is somebody else's
    ],
)
def test_every_spelling_of_an_address_is_one(written, canonical):
    assert canonical_email(written) == canonical
    assert canonical_email(canonical) == canonical


@pytest.mark.parametrize(
    "written",
    [
        "sıte@example.org",  # dotless i
        "İte@example.org",
        "straße@example.org",
        "аnn@example.org",  # a Cyrillic a
        "ann@example.org.",
        "ann.@example.org",
        "ann @example.org",
        "ann@exam ple.org",
        "a\0nn@example.org",
        "\u200bann@example.org",
        '"ann"@example.org',
        "ann@[127.0.0.1]",
        f"ann@{'.'.join(['a' * 60] * 5)}.org",
        "ann@@example.org",
        "ann@" + "a" * 300 + ".org",
        "ann",
        "@example.org",
        "",
        None,
        7,
    ],
)
def test_what_is_no_address_is_refused(written):
    with pytest.raises(InvalidEmail):
        canonical_email(written)


@pytest.fixture
def admin(db):
    return person("admin", site_role="AD", is_staff=True)


OTHER_SPELLINGS = ["ADMIN@example.org", " admin@Example.org", "ａｄｍｉｎ@example.org"]
TWINS = [*OTHER_SPELLINGS, "admın@example.org"]


@pytest.mark.parametrize("written", TWINS)
def test_no_door_makes_a_twin(admin, written, client):
    client.force_login(admin)
    form = {"email": written, "usable_password": "false", "password1": "", "password2": ""}

    page = client.post(reverse("admin:users_user_add"), form)
    answer = client_of(admin).post("/api/users/", {"email": written})
    with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
        User(email=written).save()
    with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
        User.objects.bulk_create([User(email=written)])

    assert page.status_code == 200 and page.context["adminform"].form.errors
    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["email"])
    assert User.objects.get() == admin


@pytest.mark.parametrize("written", ["Admin@example.org", "admın@example.org", "admin", "ad min@example.org"])
def test_the_database_takes_no_other_spelling(admin, written):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET email = %s", [written])


@pytest.mark.parametrize("written", OTHER_SPELLINGS)
def test_every_spelling_finds_the_person(admin, written, client):
    login = {"email": written, "password": PASSWORD}

    assert User.objects.get(email=written) == User.objects.get(email__in=[written]) == admin
    assert client.post("/api/auth/login/", login).json()["user"]["id"] == admin.pk
    assert client.login(username=written, password=PASSWORD)


LOOKUPS = {
    "member": lambda written, admin: find_person(admin, email=written),
    "member in the admin": lambda written, admin: person_called(written),
    "command line": lambda written, admin: person_named(written),
    "users map": lambda written, admin: User.objects.get(email=UsersMap({"4": written}).email_of["#4"]),
    "annotation in a file": lambda written, admin: User.objects.get(email=as_person({"email": written}, "")),
}


@pytest.mark.parametrize("lookup", LOOKUPS)
@pytest.mark.parametrize("written", ["ADMIN@example.org", "ａｄｍｉｎ@Example.org"])
def test_every_lookup_knows_every_spelling(admin, written, lookup):
    assert LOOKUPS[lookup](written, admin) == admin


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_no_lookup_takes_a_look_alike_for_the_person(admin, lookup):
    with pytest.raises((ValidationError, CommandError, InvalidField)):
        LOOKUPS[lookup]("admın@example.org", admin)


def test_a_lookup_of_something_else_finds_nobody(admin):
    assert not User.objects.filter(email="admın@example.org").exists()
    assert not User.objects.filter(email="admin").exists()
    assert User.objects.filter(email__icontains="ADMIN@").exists()


@pytest.mark.parametrize("written", TWINS)
def test_the_command_line_makes_no_twin(admin, written, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, email=written)

    assert User.objects.get() == admin


@pytest.mark.django_db(transaction=True)
def test_of_two_registrations_at_once_one_is_told_that_the_address_is_taken():
    admin = person("admin", site_role="AD")
    clients = [client_of(admin), client_of(admin)]

    for number in range(5):
        written = (f"Ann{number}@example.org", f"aNn{number}@EXAMPLE.org")
        answers = together(
            [
                lambda c=c, email=email: c.post("/api/users/", {"email": email})
                for c, email in zip(clients, written, strict=True)
            ]
        )

        refused = next(answer for answer in answers if answer.status_code != 201).json()
        assert sorted(answer.status_code for answer in answers) == [201, 400]
        assert refused["validation_errors"] == {"email": ["Another account has this e-mail."]}
        assert User.objects.filter(email=f"ann{number}@example.org").count() == 1


BY_HAND = re.compile(
    r"email\w*__(iexact|istartswith)|normalize_email|Lower\(\s*[\"']\w*email"
    r"|email[\w\"'\]]*(\.strip\(\))?\.(lower|casefold|upper)\(",
    re.IGNORECASE,
)


def test_nothing_else_compares_e_mails_in_its_own_way():
    apps = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", ".venv")]
    found = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for app in apps
        for path in app.rglob("*.py")
        if "migrations" not in path.parts
        for line in path.read_text().splitlines()
        if BY_HAND.search(line)
    }

    assert found == set()


def test_that_search_finds_what_it_looks_for():
    lines = (
        "people.filter(email__iexact=email.strip())",
        'people.annotate(lower=Lower("email"))',
        'self.cleaned_data["email"].lower()',
        "email.strip().lower()",
    )

    assert all(BY_HAND.search(line) for line in lines)
