"""The forms of data sets: their settings, the files of a new one, and a fit."""

import re
from copy import copy
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget

from tasks.errors import Refused
from tasks.models import Project
from users.sentences import sentence as _

from ..datasets import SETTINGS, require_consistent
from ..importing import PRESETS
from ..maths.base_fit import Algorithm
from ..models import Dataset
from ..models.dataset import MAX_SCALE
from .words import ALGORITHMS

BIN = re.compile(r"\s*([\d.]+)\s*(?:to|-|–)\s*([\d.]+)\s*:\s*(\d+)\s*", re.ASCII)


class LinesField(forms.CharField):
    """A list, one entry a line."""

    widget = AdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return forms.Field.has_changed(self, initial, self.to_python(data))


class BinsField(forms.CharField):
    widget = AdminTextareaWidget(attrs={"rows": 6})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{one['from']:g} to {one['to']:g}: {one['n']}" for one in value)

    def to_python(self, value: Any) -> Any:
        return [self._bin(line) for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def _bin(self, line: str) -> dict[str, float]:
        try:
            low, high, n = BIN.fullmatch(line).groups()  # type: ignore[union-attr]
            return {"from": float(low), "to": float(high), "n": int(n)}
        except (AttributeError, ValueError):
            raise forms.ValidationError(
                _("“%(line)s” is not like “0.5 to 1.5: 4”.", line=line.strip()[:40])
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return forms.Field.has_changed(self, initial, self.to_python(data))
        except forms.ValidationError:
            return True


class SettingsForm(forms.ModelForm):
    label_bins = BinsField(
        label="Comments to label",
        help_text="How many of a batch, by the system's rating. A bin begins where the one before ends; a "
        "rating where two meet belongs to the upper one.",
    )
    developers = LinesField(required=False, help_text="Who made the system, one a line.")
    deployers = LinesField(required=False, help_text="Who runs it, one a line.")

    class Meta:
        model = Dataset
        fields = SETTINGS
        labels = {
            "artifact_name": "Name of the system",
            "artifact_type": "Type of the system",
            "good_below": "Good below",
            "okay_below": "Okay below",
            "min_labels": "Labels for a model",
            "min_topic_comments": "Comments of a topic",
            "min_tuning_comments": "Comments of a topic with a model",
            "min_group": "Raters of a group",
            "harm_share": "Share of raters",
        }
        widgets = {
            "description": AdminTextareaWidget(attrs={"rows": 4}),
            "content_warning": AdminTextareaWidget(attrs={"rows": 3}),
        }

    def clean(self) -> dict[str, Any]:
        """The constraints of the model say the same, but neither in words nor at a field."""
        data = super().clean() or {}
        changed = copy(self.instance)
        for name, value in data.items():
            setattr(changed, name, value)
        try:
            require_consistent(changed)
        except Refused as refused:
            self.add_error(refused.field if refused.field in data else None, refused.detail)
        return data


class FilesForm(forms.Form):
    project = forms.ModelChoiceField(
        queryset=Project.objects.none(),
        required=False,
        help_text="Its members may audit.",
        empty_label="No project: everybody who is signed in",
    )
    title = forms.CharField(max_length=200, widget=AdminTextInputWidget)
    comments = forms.FileField(help_text="Comments with the ratings of the system.")
    ratings = forms.FileField(help_text="How people rated them.")
    raters = forms.FileField(
        required=False, help_text="Who these people are. Without it, groups of raters cannot be chosen."
    )
    preset = forms.ChoiceField(
        label="Columns", choices=[(name, f"{name}: {preset.says}") for name, preset in PRESETS.items()]
    )
    scale_max = forms.IntegerField(
        label="Scale ends at",
        initial=4,
        min_value=1,
        max_value=MAX_SCALE,
        help_text="Ratings go from 0 to this. It cannot be changed later.",
    )
    is_fitted = forms.BooleanField(
        label="Fit a base model", required=False, initial=True, help_text="Seconds, after the import."
    )
    FILES = ("comments", "ratings", "raters")

    def __init__(self, *args: Any, projects: Any, must_choose: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["project"]
        field.queryset, field.required = projects, must_choose
        if must_choose:
            field.empty_label = "---------"
        for name in self.FILES:
            self.fields[name].widget.attrs["accept"] = ".csv"

    @property
    def files_sent(self) -> dict[str, Any]:
        sent = {name: self.cleaned_data.get(name) for name in self.FILES}
        return {name: (file, file.name) for name, file in sent.items() if file}


class FitForm(forms.Form):
    algorithm = forms.ChoiceField(
        choices=[(name.value, ALGORITHMS[name.value]) for name in Algorithm],
        widget=forms.RadioSelect,
        initial=Algorithm.BASELINE.value,
    )
    seed = forms.IntegerField(
        initial=0,
        min_value=0,
        max_value=2**32 - 1,
        help_text="Chooses the raters that are held out. The same seed gives the same result.",
    )
