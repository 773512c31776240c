"""Naming a person by e-mail: a lead adds people they know of, and browses nobody."""

from django import forms
from django.core.exceptions import ValidationError

from users.models import User


def person_called(email: str) -> User:
    found = User.objects.people().filter(email__iexact=email.strip()).first()
    if found is None:
        raise ValidationError(
            "Nobody here has this e-mail. Ask an administrator of the site to make the account.",
            code="unknown_person",
        )
    return found


class NamedByEmail(forms.ModelForm):
    """A row about a person. New, it names them by e-mail; later the e-mail is only shown."""

    email = forms.EmailField(label="e-mail")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and "email" in self.fields:
            self.fields["email"].disabled = True
            self.fields["email"].initial = self.instance.user.email

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if self.instance.pk is None:
            self.instance.user = person_called(email)
            self.refuse_repeat()
        return email

    def refuse_repeat(self) -> None:
        """Raise when this person is there already."""
