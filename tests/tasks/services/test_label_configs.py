"""Versions of the label configuration, and changes that work has no place in."""

import pytest

from tasks.errors import Refused
from tasks.models import Annotation, History, LabelConfigVersion, Project, ProjectChange
from tasks.services import annotations, drafts, label_configs, projects
from tests import factories
from tests.factories import BOXES, CHOICES, boxes, result
from tests.snapshots import everything

LOOKS = CHOICES.replace("<View>", '<View><Header value="Which letter?"/>')
ONLY_A = CHOICES.replace('<Choice value="B"/><Choice value="C"/>', "")
TAXONOMY = """<View><Text name="text" value="$text"/><Taxonomy name="tree" toName="text">
<Choice value="Animal"><Choice value="Cat"/></Choice><Choice value="Plant"/></Taxonomy></View>"""
NO_CAT = TAXONOMY.replace('<Choice value="Cat"/>', "")


def change(house, xml: str, **how) -> Project:
    house.project = projects.update(house.project, {"label_config": xml}, actor=house.lead, **how)
    return house.project


def versions(house) -> list[tuple[int, str]]:
    return list(
        LabelConfigVersion.objects.filter(project=house.project)
        .order_by("number")
        .values_list("number", "xml")
    )


def test_a_new_project_has_its_first_version(house):
    assert versions(house) == [(1, CHOICES)]
    assert house.project.label_config_version.created_by == house.lead


def test_every_change_of_text_appends_a_version_and_the_same_text_none(house):
    for xml in (LOOKS, LOOKS, CHOICES):
        change(house, xml)

    assert versions(house) == [(1, CHOICES), (2, LOOKS), (3, CHOICES)]
    assert Project.objects.get(pk=house.project.pk).label_config_version.number == 3


def test_versions_are_append_only(house):
    with pytest.raises(Exception, match="append-only"):
        LabelConfigVersion.objects.update(xml="<View/>")


def made_under(annotation) -> list[int | None]:
    rows = History.objects.filter(annotation=annotation, number__isnull=False).order_by("number")
    return list(rows.values_list("label_config__number", flat=True))


def test_each_version_of_an_annotation_names_the_configuration_it_was_made_under(house):
    fixed = factories.reviewed(house.annotation, house.reviewer, "fixed_and_accepted")
    change(house, LOOKS)
    factories.undone(fixed, house.reviewer)
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)
    factories.reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    assert made_under(house.annotation) == [1, 1, 1, 2, 2]  # what an undo restores was made when it was made


def test_outdated_is_what_was_made_under_another_configuration(house):
    def outdated() -> set[int]:
        said = {a.pk for a in Annotation.objects.with_config_outdated() if a.config_outdated}
        assert said == set(Annotation.objects.config_outdated().values_list("pk", flat=True))
        return said

    older = factories.annotation(house.task, house.annotator2)
    assert outdated() == set()

    change(house, LOOKS)
    annotations.edit(older.pk, {"result": result("B")}, actor=house.annotator2)
    newer = factories.annotation(factories.task(house.project), house.annotator)

    assert outdated() == {house.annotation.pk}
    change(house, CHOICES)
    assert outdated() == {house.annotation.pk, older.pk, newer.pk}


def test_rows_that_name_no_configuration_were_made_under_the_first(house):
    row = {
        f.attname: getattr(house.annotation.current_version, f.attname) for f in History._meta.concrete_fields
    }
    before = History(**row | {"id": None, "number": 2, "label_config_id": None})
    before.save(force_insert=True)
    Annotation.objects.update(current_version=before)
    assert not Annotation.objects.config_outdated().exists()

    change(house, LOOKS)

    assert Annotation.objects.config_outdated().exists()


# --- work without a place -----------------------------------------------------------------------------


def refused(house, xml: str) -> dict:
    before = everything()
    with pytest.raises(Refused) as refusal:
        change(house, xml)
    assert (refusal.value.code, refusal.value.field) == ("labels_in_use", "label_config")
    assert everything() == before
    return refusal.value.extra["body"]["in_use"]


def taxonomy(*path: str) -> list[dict]:
    return [
        {
            "id": "t",
            "from_name": "tree",
            "to_name": "text",
            "type": "taxonomy",
            "value": {"taxonomy": [list(path)]},
        }
    ]


@pytest.fixture
def worked(house):
    """Two annotations say A, one of them C too, one says B and is deleted."""
    factories.annotation(house.task, house.annotator2, result=[*result("A"), *result("C", id="r2")])
    gone = factories.annotation(house.task, house.reviewer2, "B")
    annotations.delete(gone.pk, actor=house.lead)
    return house


@pytest.mark.parametrize(
    ("xml", "in_use"),
    [
        (ONLY_A, {"controls": {}, "labels": {"letter": {"C": 1}}}),
        (CHOICES.replace('<Choice value="A"/>', ""), {"controls": {}, "labels": {"letter": {"A": 2}}}),
        (CHOICES.replace('name="letter"', 'name="character"'), {"controls": {"letter": 2}, "labels": {}}),
        (
            CHOICES.replace('name="text"', 'name="words"').replace('toName="text"', 'toName="words"'),
            {"controls": {"letter": 2}, "labels": {}},
        ),
        (
            CHOICES.replace("Choices", "Labels").replace("Choice ", "Label "),
            {"controls": {"letter": 2}, "labels": {}},
        ),
        ("<View></View>", {"controls": {"letter": 2}, "labels": {}}),
    ],
)
def test_a_change_that_work_has_no_place_in_is_refused_with_counts(worked, xml, in_use):
    assert refused(worked, xml) == in_use


@pytest.mark.parametrize(
    "xml",
    [
        LOOKS,
        CHOICES.replace('<Choice value="B"/>', ""),
        CHOICES.replace('value="C"', 'value="See" alias="C"'),
        CHOICES.replace("</View>", '<TextArea name="why" toName="text"/></View>'),
        '<View><Text name="text" value="$text"/>'
        '<Choices name="letter" toName="text" value="$options"/></View>',
    ],
)
def test_a_change_that_drops_nothing_in_use_passes(worked, xml):
    assert change(worked, xml).label_config == xml


def test_labels_within_a_taxonomy_count(house):
    change(house, TAXONOMY, force=True)
    factories.annotation(house.task, house.annotator2, result=taxonomy("Animal", "Cat"))

    assert refused(house, NO_CAT) == {"controls": {}, "labels": {"tree": {"Cat": 1}}}


def test_what_had_no_place_before_is_no_reason(house):
    change(house, BOXES, force=True)

    change(house, "<View></View>")


def test_forced_it_is_changed_and_work_and_verdicts_stay(worked):
    house = worked
    decision = factories.reviewed(house.annotation, house.reviewer)

    change(house, ONLY_A.replace('value="A"', 'value="Z"'), force=True)

    house.annotation.refresh_from_db()
    assert (house.annotation.last_action, house.annotation.standing_review_id) == (
        "accepted",
        decision.review.pk,
    )
    assert house.annotation.result == result("A")
    assert ProjectChange.objects.filter(setting="label_config").count() == 1


def test_counting_is_bounded_and_says_so(worked, settings, monkeypatch):
    settings.STATEMENT_TIMEOUT_MS = 100
    monkeypatch.setattr(label_configs, "CONTROLS", "SELECT 'a', 'b', 'c', 1 FROM pg_sleep(5) WHERE %s > 0")

    with pytest.raises(Refused, match="without counting"):
        change(worked, ONLY_A)

    assert change(worked, ONLY_A, force=True).label_config == ONLY_A


# --- results that do not fit --------------------------------------------------------------------------


@pytest.mark.parametrize("strict", [False, True])
def test_drafts_that_do_not_fit_are_kept_unless_the_project_refuses_them(house, strict):
    projects.update(house.project, {"validate_results": strict}, actor=house.lead)
    house.task.refresh_from_db()
    draft = drafts.save(house.task, actor=house.annotator, result=result("A"))

    for attempt in (
        lambda: drafts.save(house.task, actor=house.annotator, result=boxes("Car")),
        lambda: drafts.change(draft, result=result("Z")),
    ):
        if strict:
            with pytest.raises(Refused, match="Region"):
                attempt()
        else:
            attempt()


def test_old_work_that_fits_no_more_may_still_be_taken_back_into_a_draft(house):
    change(house, BOXES, force=True)
    projects.update(house.project, {"validate_results": True}, actor=house.lead)

    draft = drafts.unsubmit(house.annotation.pk, actor=house.annotator)

    assert draft.result == result("A")
