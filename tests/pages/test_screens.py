"""The review and label screens: who may open them, what they may load, the plain page without the editor."""

import json
import re

import pytest

from labelstudio import frontend
from pages.result_display import answers_of, sources_of
from reviews.models import QueueEntry, Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations, projects
from tests.factories import (
    BOXES,
    CHOICES,
    annotation,
    boxes,
    browser_of,
    project,
    result,
    reviewed,
    skipped,
    task,
)

SPANS = """<View><Text name="text" value="$text"/>
<Labels name="who" toName="text"><Label value="Person"/></Labels><TextArea name="note"
toName="text"/></View>"""


def address(house, page: str = "review", query: str = "") -> str:
    return f"/projects/{house.project.pk}/{page}/{query}"


@pytest.fixture
def with_editor(monkeypatch):
    monkeypatch.setattr(frontend, "is_present", lambda: True)


@pytest.fixture
def without_editor(monkeypatch):
    monkeypatch.setattr(frontend, "is_present", lambda: False)


# --- who gets which page --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "page", "status"),
    [
        ("lead", "review", 200),
        ("reviewer", "review", 200),
        ("annotator", "review", 403),
        ("stranger", "review", 404),
        ("reviewer", "label", 200),
        ("annotator", "label", 200),
        ("stranger", "label", 404),
    ],
)
def test_each_screen_opens_for_its_role(house, with_editor, person, page, status):
    assert browser_of(getattr(house, person)).get(address(house, page)).status_code == status


def test_a_screen_asks_who_is_there_first(house, client):
    response = client.get(address(house))
    assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={address(house)}")


def test_the_script_is_told_project_person_queue_and_task(house, with_editor):
    page = (
        browser_of(house.reviewer)
        .get(address(house, query=f"?queue=rejected&task={house.task.pk}"))
        .content.decode()
    )
    told = json.loads(re.search(r'id="screen-json"[^>]*>(.*?)</script>', page).group(1))
    assert told == {
        "project": house.project.pk,
        "user": house.reviewer.pk,
        "queue": "rejected",
        "task": house.task.pk,
    }


def test_the_policy_opens_the_hosts_of_this_projects_media_and_no_scripts(house, with_editor):
    house.project.media_origins = ["https://pictures.example.org"]
    house.project.save()

    policy = browser_of(house.reviewer).get(address(house))["Content-Security-Policy"]

    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    for name in ("img-src", "media-src", "connect-src", "object-src"):
        assert "https://pictures.example.org" in directives[name]
    assert directives["script-src"] == ["'self'"]
    assert "'unsafe-inline'" in directives["style-src"]


def test_the_policy_of_one_project_does_not_apply_to_another(house, with_editor):
    house.project.media_origins = ["https://pictures.example.org"]
    house.project.save()

    response = browser_of(house.admin).get(f"/projects/{project().pk}/review/")

    assert "https://pictures.example.org" not in response["Content-Security-Policy"]


def test_labelling_without_the_editor_says_how_to_get_it(house, without_editor):
    response = browser_of(house.annotator).get(address(house, "label"))
    assert response.status_code == 503
    assert "make frontend" in response.content.decode()


# --- the numbers above the editor ------------------------------------------------------------------


def test_counts_say_what_is_left_for_this_reviewer(house):
    annotation(task(house.project, text="Another"), house.reviewer)
    skipped(task(house.project, text="A blot"), house.annotator)
    counts = browser_of(house.reviewer).get(f"/projects/{house.project.pk}/counts/?queue=")
    assert counts.json() == {"left": 1, "done": 0, "total": 3}


def test_counts_tell_an_annotator_what_came_back(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No")
    counts = browser_of(house.annotator).get(f"/projects/{house.project.pk}/counts/")
    assert counts.json() == {"left": 0, "done": 1, "total": 1, "returned": 1, "corrections": 0}


def test_counts_of_the_queue_are_for_reviewers(house):
    assert browser_of(house.annotator).get(f"/projects/{house.project.pk}/counts/?queue=").status_code == 403


# --- the start page --------------------------------------------------------------------------------


def test_the_start_page_leads_a_reviewer_to_what_waits(house):
    page = browser_of(house.reviewer).get("/").content.decode()
    assert f'href="{address(house)}">Review 1<' in page
    assert f'href="{address(house, "label")}"' in page


def test_the_start_page_tells_an_annotator_what_came_back(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No")
    page = browser_of(house.annotator).get("/").content.decode()
    assert "1 returned" in page
    assert address(house) not in page


@pytest.mark.parametrize("more", [0, 2])
def test_the_start_page_asks_as_often_for_three_projects_as_for_one(house, django_assert_num_queries, more):
    for _ in range(more):
        project(lead=house.lead)
    browser = browser_of(house.lead)
    with django_assert_num_queries(8):
        browser.get("/start/")


def test_a_projects_admin_page_leads_to_its_screens(house):
    page = browser_of(house.lead).get(f"/admin/tasks/project/{house.project.pk}/change/").content.decode()
    assert f'href="{address(house)}"' in page
    assert f'href="{address(house, "label")}"' in page


# --- the plain page --------------------------------------------------------------------------------


def plain(house, user, query: str = "?plain=1"):
    return browser_of(user), address(house, query=query)


def pressed(house, button: str, **form):
    seq = Annotation.objects.get(pk=house.annotation.pk).annotation_seq
    return {"action": button, "annotation": house.annotation.pk, "seq": seq} | form


def test_the_plain_page_shows_the_result_and_holds_the_item(house, without_editor):
    page = browser_of(house.reviewer).get(address(house)).content.decode()
    assert "A letter" in page
    assert '<th scope="row">letter</th><td>A</td>' in page
    assert QueueEntry.objects.get().leased_to == house.reviewer


def test_the_plain_page_shows_what_the_configuration_points_at(house, without_editor):
    config = CHOICES.replace("$text", "$work.items[0].value")
    projects.update(house.project, {"label_config": config}, actor=house.lead, force=True)
    house.task.data = {"work": {"items": [{"value": "The first of them"}]}}
    house.task.save(update_fields=["data"])

    page = browser_of(house.reviewer).get(address(house)).content.decode()

    assert "The first of them" in page
    assert "work.items" not in page


BAD_ADDRESSES = [
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,<b>",
    "s3://b/a",
]


@pytest.mark.parametrize("tag", ["Image", "Audio", "Video"])
def test_the_plain_page_loads_nothing_that_could_run(house, without_editor, tag):
    config = (
        f'<View><{tag} name="t" value="$u"/><Choices name="c" toName="t"><Choice value="A"/></Choices></View>'
    )
    projects.update(house.project, {"label_config": config}, actor=house.lead, force=True)
    for address_ in BAD_ADDRESSES:
        house.task.data = {"u": address_}
        house.task.save(update_fields=["data"])

        page = browser_of(house.reviewer).get(address(house)).content.decode()

        assert "cannot be shown here" in page
        assert not re.search(r'(src|href)="(java|file|data:text|s3)', page)


def test_the_plain_page_says_what_changed_since_it_was_judged(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="It is a B")
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    page = browser_of(house.reviewer).get(address(house, query="?plain=1")).content.decode()

    assert "<li>letter: A → B</li>" in page
    assert "It is a B" in page


def test_the_plain_page_tells_why_it_is_contested_and_not_who_rejected(house):
    reviewed(house.annotation, house.reviewer2, "rejected", comment="No letter")
    AnnotationReviewService(house.annotator).contest(house.annotation, reason="It is one")

    page = browser_of(house.reviewer).get(address(house, query="?plain=1&queue=disputes")).content.decode()

    assert "It is one" in page and "No letter" in page
    assert "Reviewer2" not in page


def test_the_plain_page_accepts(house):
    browser, here = plain(house, house.reviewer)
    browser.get(here)

    after = browser.post(here, pressed(house, "accept"), follow=True).content.decode()

    assert Review.objects.get().verdict == "accepted"
    assert "Accepted." in after
    assert "Nothing is waiting for review." in after


def test_the_plain_page_rejects_with_comment_reason_and_outcome(house):
    house.project.reject_reasons = [{"code": "loose", "text": "Not tight"}]
    house.project.save()
    browser, here = plain(house, house.reviewer)
    browser.get(here)

    browser.post(here, pressed(house, "reject:remove", comment="Not a letter", reason="loose"))

    found = Review.objects.get()
    assert (found.verdict, found.reject_action, found.reason) == ("rejected", "remove", "loose")
    assert house.annotation.comments.get().text == "Not a letter"


def test_the_plain_page_shows_a_refusal_and_keeps_what_was_typed(house):
    house.project.require_review_comment_on_reject = True
    house.project.save()
    browser, here = plain(house, house.reviewer)
    browser.get(here)

    refused = browser.post(here, pressed(house, "reject:requeue", comment="  "))

    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()
    assert Review.objects.count() == 0


def test_the_plain_page_refuses_a_verdict_on_what_changed_meanwhile(house):
    browser, here = plain(house, house.reviewer)
    browser.get(here)
    form = pressed(house, "accept")
    reviewed(house.annotation, house.reviewer2, "rejected", comment="No")

    assert browser.post(here, form).status_code == 412
    assert Review.objects.count() == 1


def test_the_plain_page_takes_the_last_decision_back(house):
    browser, here = plain(house, house.reviewer)
    browser.get(here)
    browser.post(here, pressed(house, "accept"))

    page = browser.post(here, {"action": "undo"}, follow=True).content.decode()

    assert Review.objects.get().undone_at
    assert "Undone." in page


def test_the_plain_page_sets_an_item_aside_for_others(house):
    browser, here = plain(house, house.reviewer)
    browser.get(here)

    page = browser.post(here, pressed(house, "aside"), follow=True).content.decode()

    assert "skipped everything that is left" in page
    assert QueueEntry.objects.get().leased_to is None


@pytest.mark.parametrize(
    "form", [{"action": "accept"}, {"action": "accept", "annotation": "x"}, {"action": "undo"}, {}]
)
def test_the_plain_page_answers_a_broken_form_with_404(house, form):
    browser, here = plain(house, house.reviewer)
    assert browser.post(here, form).status_code == 404


# --- displaying a result ----------------------------------------------------------------------------


def test_boxes_are_lines_and_shapes_in_percent(db, house):
    pictures = project(label_config=BOXES)
    made = annotation(task(pictures, image="/p.png"), house.admin, result=boxes("Car", "Tree"))

    (source,) = sources_of(pictures, made.task, made)

    assert (source.kind, source.value) == ("image", "/p.png")
    assert [(shape.tag, shape.label, shape.attributes["x"]) for shape in source.shapes] == [
        ("rect", "Car", 0),
        ("rect", "Tree", 10),
    ]
    assert [(answer.control, answer.text, answer.where) for answer in answers_of(made)][0] == (
        "box",
        "Car",
        "20 × 10 % at 0, 5",
    )


def test_spans_are_marked_in_the_text_and_words_are_said(db, house):
    texts = project(label_config=SPANS)
    span = {"id": "s", "from_name": "who", "to_name": "text", "type": "labels"}
    note = {
        "id": "n",
        "from_name": "note",
        "to_name": "text",
        "type": "textarea",
        "value": {"text": ["Sure", "of it"]},
    }
    said = [span | {"value": {"start": 0, "end": 3, "text": "Ada", "labels": ["Person"]}}, note]
    made = annotation(task(texts, text="Ada wrote it"), house.admin, result=said)

    (source,) = sources_of(texts, made.task, made)

    assert [(span.text, span.label) for span in source.spans] == [
        ("", ""),
        ("Ada", "Person"),
        (" wrote it", ""),
    ]
    assert [(answer.control, answer.text, answer.where) for answer in answers_of(made)] == [
        ("who", "Person", "“Ada”"),
        ("note", "Sure, of it", ""),
    ]


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "x",
        {"points": 3},
        {"start": "a"},
        {"x": "1"},
        {"rectanglelabels": 5},
        {"start": 5, "end": 2, "text": None},
    ],
)
@pytest.mark.parametrize("kind", ["rectanglelabels", "polygonlabels", "choices", None])
def test_whatever_a_file_brought_is_readable(house, value, kind):
    made = house.annotation
    made.result = [{"from_name": "letter", "to_name": "text", "type": kind, "value": value}]
    sources_of(house.project, made.task, made)
    answers_of(made)


def test_a_reviewer_who_asks_for_others_work_there_comes_to_the_review_screen(house, with_editor):
    of_task = f"?task={house.task.pk}"

    sent_on = browser_of(house.reviewer).get(address(house, "label", of_task))
    stays = browser_of(house.annotator).get(address(house, "label", of_task))

    assert (sent_on.status_code, sent_on["Location"]) == (302, address(house, "review", of_task))
    assert stays.status_code == 200
