"""The forms that say which items a campaign gets, and how it is reviewed."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db.models import F

from tasks.admin.base import LEADS
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Project, View
from tasks.querysets import within
from tasks.strict_json import BoundedDecoder
from users.models import User
from users.sentences import sentence as _

from ..importing.from_project import chosen, rubric_for
from ..importing.importer import Report
from ..importing.lines import LineError, read_lines
from ..models import Campaign
from ..models.campaign import MAX_TARGET
from ..rubric import Rubric, built_in, question_keys, validate_rubric
from .links import KEYED, PUBLIC, DateAndTime

FILE, PROJECT = "file", "project"
OFFERED_TABS = 500
CHECKED_BYTES = 20 * 2**20  # of a strict file, within the request: some seconds
CHOSEN_BY = (
    ActionType.SUBMITTED,
    ActionType.UPDATED,
    ActionType.IMPORTED,
    ActionType.ACCEPTED,
    ActionType.FIXED_AND_ACCEPTED,
    ActionType.REJECTED,
)
STANDARD_NOTICE = (
    "You will see images, videos and texts that other people have labelled. Pass on whatever you do not want "
    "to look at. Your scores and comments are published without your name."
)


class TabField(forms.ModelChoiceField):
    def label_from_instance(self, tab: View) -> str:
        return f"{tab.project_title}: {tab}"  # type: ignore[attr-defined]


class ItemsForm(forms.Form):
    """Where items come from. `project` is known when they are added to a campaign."""

    source = forms.ChoiceField(
        choices=[(FILE, "A file: annotations.jsonl"), (PROJECT, "Annotations of the project")],
        initial=FILE,
        widget=forms.RadioSelect,
        label="From",
    )
    file = forms.FileField(
        required=False,
        label="File",
        help_text="One JSON object a line; only anno_id is required. known_scores, such as "
        '{"tg": 3, "qa": 1}, make it a known-answer item: reviewers do not see them.',
        widget=forms.ClearableFileInput(attrs={"accept": ".jsonl,.json,.ndjson,.txt"}),
    )
    strict = forms.BooleanField(
        required=False,
        label="Strict",
        help_text="One bad line refuses the whole file. Otherwise bad lines are reported.",
    )
    last_actions = forms.MultipleChoiceField(
        required=False,
        label="Last action",
        choices=[(one.value, one.label) for one in CHOSEN_BY],
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all that are submitted.",
    )
    tab = TabField(queryset=View.objects.none(), required=False, label="Saved tab", empty_label="All tasks")
    label = forms.CharField(
        required=False,
        max_length=200,
        label="Label",
        help_text="Only annotations that use this label or choice.",
    )

    def __init__(self, *args: Any, user: User, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.project = user, project
        tabs = (
            View.objects.visible_to(user)
            .filter(within(user, LEADS))
            .annotate(project_title=F("project__title"))
        )
        if project:
            tabs = tabs.filter(project=project)
        offered = tabs.order_by("project__title", "order", "pk").values("pk")[:OFFERED_TABS]
        self.fields["tab"].queryset = tabs.filter(pk__in=list(offered.values_list("pk", flat=True)))  # type: ignore[attr-defined]
        self.bad_lines: list[dict[str, Any]] = []

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        project = self.project or data.get("project")
        if data.get("source") == FILE and "file" not in self.errors and not data.get("file"):
            self.add_error("file", _("Choose a file."))
        if data.get("source") == PROJECT and project:
            if data.get("tab") and data["tab"].project_id != project.pk:
                self.add_error("tab", _("This tab belongs to another project."))
            elif "tab" not in self.errors:
                self._choose(project, data)
        elif data.get("source") == FILE and data.get("file") and data.get("strict"):
            self._check(data)
        return data

    def _choose(self, project: Project, data: dict[str, Any]) -> None:
        try:
            data["annotations"] = chosen(
                project,
                self.user,
                last_actions=data.get("last_actions", ()),
                tab=data.get("tab"),
                label=data.get("label", ""),
            )
        except Refused as refused:
            self.add_error("source", refused.detail)

    def _check(self, data: dict[str, Any]) -> None:
        """A strict file is checked before there is a campaign. (A very large one by its job.)"""
        file, found = data["file"], Report()
        if file.size > CHECKED_BYTES:
            return
        keys = question_keys(self.rubric_of(data))
        for line in read_lines(file, keys, seen={}):
            if isinstance(line, LineError):
                found.add_error(line)
        if found.bad_lines:
            self.add_error(
                "file",
                _("%(bad_lines)s bad lines. Nothing was imported.", bad_lines=format(found.bad_lines, ",")),
            )
            self.bad_lines = found.errors

    def rubric_of(self, data: dict[str, Any]) -> Rubric:
        raise NotImplementedError


class MoreItemsForm(ItemsForm):
    """Into a campaign that exists."""

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, project=campaign.project, **kwargs)
        self.campaign = campaign

    def rubric_of(self, data: dict[str, Any]) -> Rubric:
        return self.campaign.rubric


class CampaignForm(ItemsForm):
    project = forms.ModelChoiceField(queryset=Project.objects.none())
    title = forms.CharField(max_length=200, widget=AdminTextInputWidget)
    target = forms.IntegerField(
        label="Reviews per item",
        min_value=1,
        max_value=MAX_TARGET,
        initial=3,
        help_text="Each by a different person.",
    )
    access = forms.ChoiceField(
        choices=[(KEYED, "Only people with the link"), (PUBLIC, "Public: anyone who finds the address")],
        initial=KEYED,
        widget=forms.RadioSelect,
        label="Link",
    )
    link_expires_at = forms.SplitDateTimeField(
        required=False, label="Expires at", help_text="Empty: never.", widget=DateAndTime
    )
    per_person = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        label="At most per person",
        help_text="Empty: no limit.",
    )
    notice = forms.CharField(
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        initial=STANDARD_NOTICE,
        help_text="What reviewers may see. On the page, never in its way.",
    )
    instructions = forms.CharField(
        required=False, widget=AdminTextareaWidget(attrs={"rows": 3}), help_text="Shown above the questions."
    )
    media = forms.FileField(
        required=False,
        label="Images and videos",
        help_text="A zip of the files that items name without an http address.",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip"}),
    )
    rubric = forms.JSONField(
        required=False,
        decoder=BoundedDecoder,
        label="Questions",
        validators=[validate_rubric],
        widget=AdminTextareaWidget(attrs={"rows": 6}),
        help_text="As JSON. Empty: three questions (when, where, answer) for a file; for annotations those "
        "that the label configuration answers.",
    )

    MAIN = ("project", "title")
    ITEMS = ("source", "file", "strict", "last_actions", "tab", "label")
    REVIEWS = ("target", "access")
    MORE = ("link_expires_at", "per_person", "notice", "instructions", "media", "rubric")

    def __init__(self, *args: Any, projects: Any, widget: forms.Widget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].widget = widget
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]

    @property
    def fieldsets(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Title, class, fields."""
        parts = [("", "", self.MAIN), ("Items", "items", self.ITEMS), ("Reviews", "", self.REVIEWS)]
        return [(title, kind, [self[name] for name in names]) for title, kind, names in parts]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    @property
    def more_is_open(self) -> bool:
        return any(name in self.errors for name in self.MORE)

    def rubric_of(self, data: dict[str, Any]) -> Rubric:
        if data.get("rubric"):
            return data["rubric"]
        return rubric_for(data["project"]) if data.get("source") == PROJECT else built_in()
