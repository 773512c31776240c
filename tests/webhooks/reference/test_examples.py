"""The examples are real."""

from webhooks.models import Event
from webhooks.reference import examples, openapi


def test_examples_are_what_really_happens(db):
    assert examples.examples() == openapi.examples()
    assert not Event.objects.exists()
