"""A project full of the worst that its columns can hold, stored by SQL, past every check."""

import json
from io import BytesIO
from typing import Any

from django.apps import apps
from django.db import connection, models

from audits import reports
from crowd import campaigns
from crowd.importing.importer import import_items
from exchange.models import Export
from tasks.choices import ActionType, RejectAction
from tasks.models import View
from tasks.services import annotations, drafts, projects
from tasks.services import tasks as task_service
from tests import factories
from tests.admin_fixtures import fill
from tests.audits import factories as audits

CONFIG = factories.CHOICES.replace("<View>", '<View><Image name="image" value="$image"/>')
UNREADABLE_CONFIGS = [
    "",
    "\x01",
    "<!DOCTYPE a><View/>",
    "<View>" * 300,
    "<View/>" + " " * 2**20,
]
HUGE = 10**350
# json.dumps would write neither: they are put in where these words are.
RAW = {'"<endless>"': "9" * 5000, '"<deep>"': "[" * 200 + "1" + "]" * 200}
MARKUP = "</script><img src=x onerror=alert(1)>{{ a|b }}{% c %}%s%%\u202e\U0001f680\x7f\r\n=1+1"
NUMBERS: list[Any] = [HUGE, -HUGE, "<endless>", True, "5", None, [], 1e300, -0.0]


def region(value: Any = None, **parts: Any) -> dict[str, Any]:
    return {"id": "r", "from_name": "letter", "to_name": "text", "type": "choices", "value": value} | parts


def drawn(kind: str, value: Any, **parts: Any) -> dict[str, Any]:
    return region(value, type=kind, to_name="image", **parts)


def box(number: Any) -> dict[str, Any]:
    sides = dict.fromkeys(("x", "y", "width", "height", "rotation"), number)
    return drawn("rectanglelabels", sides | {"rectanglelabels": ["A"]})


def span(start: Any, end: Any, **value: Any) -> dict[str, Any]:
    return region({"start": start, "end": end, "labels": ["A"]} | value, type="labels")


# Whoever stumbles over one region of a result stumbles over all: one result for each kind of trouble.
RESULTS: list[Any] = [
    *({}, None, "text", 7, [None, 1, "x", [], {}, True]),
    [box(number) for number in NUMBERS],
    [span(start, end) for start in (0, *NUMBERS) for end in NUMBERS],
    [
        *(span(5, -3), span(-7, 1000), span("0", "0", startOffset=[], text=7)),
        *(span(1, 2, globalOffsets={"start": {}}), span(0, 0, hypertextlabels={})),
    ],
    [
        drawn("ellipselabels", {"x": 1, "y": [], "radiusX": {}, "radiusY": None}),
        drawn("polygonlabels", {"points": [[1, 2], ["x"], 5, None, [HUGE, 1], {}, [3, 4], [5, 6, 7]]}),
        drawn("polygonlabels", {"points": {"a": 1}, "polygonlabels": "A"}),
        drawn("videorectangle", {"sequence": [1, None, {"frame": "x"}, {"frame": HUGE}]}),
        drawn("timelinelabels", {"ranges": [1, {"start": []}, {"start": HUGE, "end": 1}]}),
        drawn("brushlabels", {"format": "rle", "rle": "x", "brushlabels": [1, None, {}, ["a"], [["b"]]]}),
        drawn("rectangle", {"x": 1}, original_width=0, original_height=HUGE, image_rotation={}),
    ],
    [region({}, id=[], from_name=[1], to_name={}, type={}), region([1], id=7, from_name=5, type=7)],
    [region(None), region(5, to_name=None), region({}, type=None), {}, {"": {"": ""}}],
    [
        *(region({"choices": {"a": 1}}), region({"choices": "A"})),
        region({"choices": [[["A"]], None, 5, {"b": []}, "<endless>"]}),
        region({"choices": "<deep>"}, meta="<deep>", from_name="<deep>"),
    ],
    [
        *({"type": "relation", "from_id": [1], "to_id": {}, "labels": 5}, {"type": "relation"}),
        *(region({}, parentID="r"), region({}, parentID=[], item_index=[], score={})),
    ],
    [region({"choices": ["A"], "n": n}) for n in range(300)],
    [
        region({"text": ["y" * 50_000]}, from_name="x" * 5000),
        region({"text": [MARKUP], "choices": [MARKUP]}, from_name=MARKUP, id=MARKUP, **{MARKUP: MARKUP}),
    ],
]  # fmt: skip
VALUES: list[Any] = [
    *(None, [], 7, MARKUP, "<endless>", "<deep>"),
    *({"text": value, "image": value} for value in (HUGE, "<endless>", "<deep>", None, [1, {"a": []}])),
    {"": "", "a.b": 1, "id": 5, "annotator": [], "text": MARKUP, MARKUP: MARKUP, "x" * 5000: 1},
    [None, 1, "x", [], {}, {"code": [], "text": {}}, {"code": 5}, {"code": "a"}],
    {"filters": {"conjunction": [], "items": [5, {"filter": []}]}, "ordering": {"a": 1}, "title": {}},
    {"filters": "{", "ordering": "[", "hiddenColumns": None},
    {"filters": 7, "ordering": [5, None], "hiddenColumns": 5, "columnsWidth": [], "gridWidth": {}},
    {"all": [], "included": {}, "excluded": 5},
    {"reasons": 5, "tasks": "x", "result_problems": [], "code": [], "detail": {}, "field": 7},
]
FLOATS = ["NaN", "Infinity", "-Infinity", "1e308"]
TEXTS = {
    "tasks_project": ("title", "description", "expert_instruction", "review_instruction"),
    "tasks_history": ("comment",),
    "tasks_prediction": ("model_version",),
    "tasks_import": ("name",),
    "reviews_comment": ("text",),
    "reviews_review": ("comment", "reason"),
    "reviews_dispute": ("reason",),
    "reviews_correction": ("region", "control", "label_from", "label_to"),
    "webhooks_attempt": ("error",),
    "crowd_campaign": ("title", "instructions", "notice"),
    "crowd_submission": ("comment",),
    "audits_dataset": ("title", "description", "content_warning", "artifact_name", "artifact_type"),
    "audits_topic": ("label",),
    "audits_comment": ("text",),
    "audits_rater": ("gender", "politics", "religion", "lgbtq"),
    "audits_report": ("title", "summary"),
    "audits_evidence": ("external_id", "text", "topic"),
}
OURS = ("users", "tasks", "reviews", "exchange", "webhooks", "crowd", "audits")
# Nobody but the site itself writes these.
INTERNAL = {
    "audits_auditmodel.filters",
    "audits_basemodel.metrics",
    "audits_basemodel.parameters",
    "audits_basemodel.seconds",
    "audits_comment.harms",
    "audits_comment.system",
    "audits_dataset.deployers",
    "audits_dataset.developers",
    "audits_dataset.good_below",
    "audits_dataset.harm_share",
    "audits_dataset.harms",
    "audits_dataset.label_bins",
    "audits_dataset.okay_below",
    "audits_dataset.threshold",
    "audits_evidence.predicted",
    "audits_evidence.system",
    "audits_revision.body",
    "audits_submission.body",
    "audits_version.avg_diff",
    "audits_version.fit_error",
    "audits_version.mae",
    "audits_version.rmse",
    "tasks_import.report",
    "exchange_export.counters",
    "reviews_correction.overlap",
    "webhooks_attempt.duration",
    "crowd_campaign.rubric",
    "crowd_campaign.media_origins",
    "crowd_campaign.stop_when_certain",
    "crowd_item.posterior",
    "crowd_measurement.agreement",
    "crowd_measurement.alpha",
    "crowd_measurement.priors",
    "crowd_reviewermeasure.rates",
    "crowd_slot.shuffle",
    "crowd_submission.answers",
    "crowd_submission.seconds",
}


def written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for word, raw in RAW.items():
        text = text.replace(word, raw)
    return text


def build_house() -> factories.House:
    """Rows of every kind and for every result, of which all JSON, floats and texts are overwritten."""
    house = factories.build_house(label_config=CONFIG, maximum_annotations=2)
    settings = {
        "reject_reasons": [{"code": "blurry", "text": "Blurred"}],
        "anonymize_annotations": True,
    }
    projects.update(house.project, settings, actor=house.lead)
    fill(house.project, house.annotator, house.reviewer2)
    View.objects.bulk_create(View(project=house.project, created_by=house.lead) for _ in VALUES)
    Export.objects.create(project=house.project, created_by=house.lead)
    for _ in RESULTS:
        _waiting_and_returned(house)
    for _ in VALUES:
        factories.task(house.project)
    campaign = campaigns.create(house.project, actor=house.lead, title="Hostile", slug="hostile")
    items = [json.dumps({"anno_id": f"item-{number}"}).encode() for number, _ in enumerate(VALUES)]
    import_items(campaign, BytesIO(b"\n".join(items)))
    audited = audits.dataset(project=house.project, size="small")
    for reader in (house.lead, house.annotator):
        report = reports.create(audits.fitted(audited, reader).model, actor=reader, title="Letters")
        reports.add_evidence(report, audited.comments.values_list("pk", flat=True)[:3], actor=reader)
    overwrite()
    return house


def _waiting_and_returned(house: factories.House) -> None:
    task = factories.task(house.project)
    # Waits for review after a verdict that an edit made outdated: the queue says what changed since.
    waiting = factories.annotation(task, house.annotator)
    factories.reviewed(waiting, house.reviewer2)
    annotations.edit(waiting.pk, {"result": factories.result("B")}, actor=house.lead)
    # Came back to its author, changed by somebody else.
    returned = factories.annotation(task, house.annotator2)
    annotations.edit(returned.pk, {"result": factories.result("B")}, actor=house.lead)
    factories.reviewed(returned, house.reviewer2, ActionType.REJECTED, reject_action=RejectAction.REQUEUE)
    drafts.save(task, actor=house.annotator, result=[])
    task_service.save_prediction(task, actor=house.lead, result=[], model_version="m")


def overwrite() -> None:
    """The values in turn, by the row's id. A column that will be added is overwritten as well."""
    with connection.cursor() as cursor:
        # Triggers of what is append-only would refuse it.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in apps.get_models():
            if model._meta.app_label in OURS and model._meta.managed:
                _overwrite(cursor, model)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def columns(model: type[models.Model]) -> list[tuple[models.Field, str, list[Any]]]:
    """Those that are overwritten, with their type and the values."""
    found: list[tuple[models.Field, str, list[Any]]] = []
    table = model._meta.db_table
    for column in model._meta.local_concrete_fields:
        if f"{table}.{column.name}" in INTERNAL:
            continue
        if isinstance(column, models.JSONField):
            worst = RESULTS if column.name == "result" else VALUES
            found.append((column, "jsonb", [written(value) for value in worst]))
        elif isinstance(column, models.FloatField):
            found.append((column, "float8", FLOATS))
        elif column.name in TEXTS.get(table, ()):
            # A complete report has a title and a summary, says a constraint.
            shortest = " " if table == "audits_report" else ""
            long = (MARKUP * 100)[: column.max_length or 5000]
            found.append((column, "text", [long, shortest, "\u202e"]))
    return found


def _overwrite(cursor: Any, model: type[models.Model]) -> None:
    table, key = model._meta.db_table, model._meta.pk.column
    position = f"1 + (('x' || md5({key}::text))::bit(31)::int %% %s)"
    if isinstance(model._meta.pk, models.BigAutoField):
        position = f"1 + ({key} %% %s)::int"
    for column, kind, worst in columns(model):
        cursor.execute(
            f"UPDATE {table} SET {column.column} = (%s::{kind}[])[{position}]"
            f" WHERE {column.column} IS NOT NULL OR {kind == 'float8'}",
            [worst, len(worst)],
        )
