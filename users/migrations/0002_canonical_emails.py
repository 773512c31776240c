"""One spelling for each stored e-mail, before the next migration lets the database insist on it."""

from django.db import migrations

from users.emails import InvalidEmail, canonical_email


def respell(apps, schema_editor):
    User = apps.get_model("users", "User")
    owners = {}
    for person in User.objects.order_by("id").only("email", "is_placeholder").iterator():
        email = _canonical(person)
        if owners.setdefault(email, person.pk) != person.pk:
            raise ValueError(
                f"Users {owners[email]} and {person.pk} have the same e-mail, {email}, in two spellings. Change"
                " that of the one who is not its owner, then migrate again."
            )
        if email != person.email:
            User.objects.filter(pk=person.pk).update(email=email)


def _canonical(person):
    try:
        return canonical_email(person.email)
    except InvalidEmail:
        if person.is_placeholder:
            return f"imported-user-{person.pk}@placeholder.invalid"
        raise ValueError(f"The e-mail of user {person.pk} is none. Change it, then migrate again.")


def mark_logins(apps, schema_editor):
    tokens = apps.get_model("users", "ApiToken").objects
    tokens.filter(kind="key", name="login").exclude(expires_at=None).update(kind="login")


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [
        migrations.RunPython(respell, migrations.RunPython.noop),
        migrations.RunPython(mark_logins, migrations.RunPython.noop),
    ]
