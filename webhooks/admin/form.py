"""The form of an endpoint: which events speak which dialect, and headers that are taken but never shown."""

from django import forms

from ..catalogue import CATALOGUE, Action
from ..validation import webhook_headers

LABEL_STUDIOS = "Label Studio's actions, in its dialect: {action, annotation, project, task}"
BY_NAME = "Review events, sent only where they are ticked: {event, annotation, reviewer, comment, timestamp}"
ALL_OF_THEM = "Send every one of Label Studio's actions, ticked below or not. The review events are sent only where they are ticked."


def grouped() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every action that can be subscribed to, by dialect."""
    return [(LABEL_STUDIOS, _offered(by_name=False)), (BY_NAME, _offered(by_name=True))]


def _offered(*, by_name: bool) -> list[tuple[str, str]]:
    found = {
        name: entry for name, entry in CATALOGUE.items() if entry.by_name == by_name and not entry.on_request
    }
    return [(name, _words(name, entry)) for name, entry in found.items()]


def _words(name: str, entry: Action) -> str:
    return f"{entry.label} ({name})" + (", site-wide endpoints only" if entry.site_wide else "")


class HeadersField(forms.JSONField):
    def prepare_value(self, value):
        return "" if value is None else super().prepare_value(value)


class WebhookForm(forms.ModelForm):
    """Headers may hold a password: they are taken, and only their names are shown."""

    send_for_all_actions = forms.BooleanField(required=False, initial=True, help_text=ALL_OF_THEM)
    actions = forms.MultipleChoiceField(choices=grouped, widget=forms.CheckboxSelectMultiple, required=False)
    headers = HeadersField(required=False, initial=None, validators=[webhook_headers])
    parallel = forms.IntegerField(
        min_value=1,
        max_value=32,
        initial=8,
        required=False,
        help_text="How many deliveries at once, 1 to 32; empty: 8.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "headers" in self.fields:
            names = ", ".join(self.instance.headers) or "none"
            self.initial["headers"] = None
            self.fields[
                "headers"
            ].help_text = f'Now: {names}. Leave empty to keep them, {{}} removes all. Like {{"X-Key": "…"}}.'

    def clean_headers(self) -> dict:
        headers = self.cleaned_data["headers"]
        return self.instance.headers if headers is None else headers

    def clean_parallel(self) -> int:
        return self.cleaned_data["parallel"] or 8
