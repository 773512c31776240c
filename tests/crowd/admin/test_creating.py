import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from crowd import jobs, media
from crowd.models import Campaign, Item
from tasks.models import Project, Upload, View
from tests import factories
from tests.factories import BOXES, annotation, boxes, reviewed, task

from ..factories import lines, review_next, reviewer

ADD = reverse("admin:crowd_campaign_add")


def form(project: Project, **fields) -> dict:
    filled = {"project": project.pk, "title": "Kettles", "source": "file", "target": 3, "access": "keyed"}
    return filled | fields


def file(content: bytes, name: str = "annotations.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def errors(answer) -> dict[str, list[str]]:
    return dict(answer.context["form"].errors)


def test_a_file_becomes_a_campaign_and_the_report_has_each_bad_line_and_the_link(house, lead_client):
    content = lines("a", "b") + b"{broken\n" + b'{"video": "x"}\n'

    report = lead_client.post(ADD, form(house.project, file=file(content)), follow=True)

    made = Campaign.objects.get()
    assert (made.title, made.slug, made.target, made.created_by) == ("Kettles", "kettles", 3, house.lead)
    assert report.context["numbers"][:2] == [(2, "created"), (0, "unchanged")]
    assert [bad["line"] for bad in report.context["bad_lines"]] == [3, 4]
    assert made.link_key
    assert report.context["link"] == f"http://testserver/c/kettles/review?key={made.link_key}"
    assert "<svg" in report.context["qr_code"]
    assert LogEntry.objects.get().user == house.lead


def test_the_link_opens_the_campaign(house, lead_client, client):
    report = lead_client.post(ADD, form(house.project, file=file(lines("a"))), follow=True)

    assert client.get("/c/kettles/review").status_code == 403
    assert client.get(report.context["link"]).status_code == 200


def test_a_strict_file_with_a_bad_line_makes_no_campaign_and_lists_the_lines(house, lead_client):
    answer = lead_client.post(ADD, form(house.project, file=file(lines("a") + b"\n"), strict="on"))

    assert answer.context["form"].bad_lines == [{"line": 2, "reason": "blank"}]
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"target": 0}, "target"),
        ({"target": 51}, "target"),
        ({"access": "none"}, "access"),
        ({"rubric": '{"questions": []}'}, "rubric"),
        ({"rubric": "{"}, "rubric"),
        ({"link_expires_at_0": "someday", "link_expires_at_1": ""}, "link_expires_at"),
        ({"per_person": 0}, "per_person"),
        ({"per_person": 10**12}, "per_person"),
        ({"source": "nowhere"}, "source"),
        ({"project": 10**6}, "project"),
        ({"tab": 10**6, "source": "project"}, "tab"),
        ({"title": "a\0b"}, "title"),
    ],
)
def test_a_field_that_is_wrong_is_named_and_nothing_is_made(house, lead_client, changes, field):
    answer = lead_client.post(ADD, form(house.project, file=file(lines("a"))) | changes)

    assert list(errors(answer)) == [field]
    assert not Campaign.objects.exists()


def test_without_a_file_one_is_asked_for(house, lead_client):
    assert errors(lead_client.post(ADD, form(house.project))) == {"file": ["Choose a file."]}


def test_a_zip_that_is_none_makes_no_campaign_and_leaves_no_files(house, lead_client, settings):
    answer = lead_client.post(
        ADD, form(house.project, file=file(lines("a")), media=file(b"not a zip", "images.zip"))
    )

    assert list(errors(answer)) == ["media"]
    assert not Campaign.objects.exists()
    assert not list((Path(settings.MEDIA_ROOT) / "crowd").glob("*"))


def zipped(**files: bytes) -> bytes:
    with ZipFile(content := BytesIO(), "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return content.getvalue()


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def test_all_that_can_be_said_at_once(house, lead_client):
    sent = form(
        house.project,
        file=file(lines("a", known_scores={"tg": 3, "sg": 3, "qa": 1}) + lines("b")),
        media=file(zipped(a__png=PNG), "images.zip"),
        target=2,
        access="public",
        per_person=5,
        notice="Kettles",
        instructions="Look twice",
        link_expires_at_0="2030-01-01",
        link_expires_at_1="12:00:00",
    )

    report = lead_client.post(ADD, sent, follow=True)

    made = Campaign.objects.get()
    assert (made.target, made.link_key, made.per_person, made.notice) == (2, "", 5, "Kettles")
    assert (made.instructions, made.link_expires_at.year) == ("Look twice", 2030)
    assert media.find(made, "a.png")
    assert list(Item.objects.filter(known__isnull=False).values_list("anno_id", "known")) == [
        ("a", {"tg": 3, "sg": 3, "qa": 1})
    ]
    assert report.context["link"] == "http://testserver/c/kettles/review"


def test_another_project_is_not_offered_and_not_taken(house, elsewhere, lead_client):
    answer = lead_client.post(ADD, form(elsewhere.project, file=file(lines("a"))))

    assert list(errors(answer)) == ["project"]
    assert Campaign.objects.get() == elsewhere


def test_a_tab_of_another_project_is_refused(house, elsewhere, lead_client):
    secret = View.objects.create(project=elsewhere.project, data={"title": "Secret tab"})
    mine = View.objects.create(project=factories.project(lead=house.lead), data={"title": "Mine"})

    page = lead_client.get(ADD).content.decode()
    answers = [
        errors(lead_client.post(ADD, form(house.project, source="project", tab=tab.pk)))
        for tab in (secret, mine)
    ]

    assert "Secret" not in page
    assert answers[1] == {"tab": ["This tab belongs to another project."]}
    assert list(answers[0]) == ["tab"]


# --- from a project's annotations -------------------------------------------------------------------


def test_annotations_of_the_project_become_items_with_their_images(house, lead_client):
    project = factories.project(lead=house.lead, title="Boxes", label_config=BOXES)
    upload = Upload.objects.create(
        project=project,
        name="a.png",
        file=file(PNG, "a.png"),
        size=len(PNG),
        sha256="a",
        created_by=house.lead,
    )
    made = annotation(task(project, image=upload.path), house.lead, result=boxes("Car"))

    report = lead_client.post(ADD, form(project, source="project"), follow=True)

    campaign = Campaign.objects.get()
    item = Item.objects.get()
    assert report.context["numbers"][0] == (1, "created")
    assert item.annotation == made
    assert item.line["keyframes"][0]["image"] == "uploads/a.png"
    assert media.find(campaign, "uploads/a.png")
    assert [question["key"] for question in campaign.rubric["questions"]] == ["sg"]


def test_files_of_this_site_are_copied_and_an_image_without_an_address_is_said(house, lead_client):
    project = factories.project(lead=house.lead, title="Boxes", label_config=BOXES)
    for image in (
        "/static/countersign/mark.svg",
        "/static/countersign/crowd.js",
        "/static/../x.png",
        "s3://a/b.png",
    ):
        annotation(task(project, image=image), house.lead, result=boxes("Car"))

    report = lead_client.post(ADD, form(project, source="project"), follow=True)

    made = Campaign.objects.get()
    assert media.find(made, "static/countersign/mark.svg")
    assert sorted(path.name for path in media.folder(made).rglob("*.*")) == ["mark.svg"]
    assert "2 items show no image" in " ".join(map(str, report.context["messages"]))


def test_annotations_are_chosen_by_what_was_done_to_them(house, lead_client):
    accepted = annotation(task(house.project, text="Second"), house.annotator, "B")
    reviewed(accepted, house.reviewer)

    lead_client.post(ADD, form(house.project, source="project", last_actions=["accepted"]))

    assert [item.annotation for item in Item.objects.all()] == [accepted]


def test_a_choice_that_finds_nothing_makes_no_campaign(house, lead_client):
    answer = lead_client.post(ADD, form(house.project, source="project", label="Z"))

    assert errors(answer) == {"source": ["No annotation of this project fits. Widen the choice."]}
    assert not Campaign.objects.exists()


# --- importing again ---------------------------------------------------------------------------------


def test_importing_again_adds_what_is_new_and_leaves_what_has_reviews(campaign, lead_client):
    done = review_next(campaign, reviewer()).submission.item.anno_id
    page = reverse("admin:crowd_campaign_import", args=[campaign.pk])
    content = lines("a", "b", "c", "d") + json.dumps({"anno_id": "e"}).encode() + b"\n"

    again = lead_client.post(page, {"source": "file", "file": file(content)}, follow=True)
    changed = lead_client.post(page, {"source": "file", "file": file(lines(done, fps=25))}, follow=True)

    assert again.context["numbers"][:2] == [(2, "created"), (3, "unchanged")]
    assert changed.context["kept"] == [done]
    assert campaign.items.count() == 5


def test_a_large_file_is_a_job_that_can_be_cancelled(house, lead_client, monkeypatch):
    monkeypatch.setattr(jobs, "IMPORT_BYTES", 10)

    report = lead_client.post(ADD, form(house.project, file=file(lines("a"))), follow=True)
    job = report.context["job"]

    assert b"Cancel" in report.content
    lead_client.post(reverse("admin:crowd_campaign_cancel", args=[Campaign.objects.get().pk, job.pk]))
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not Item.objects.exists()


MIXED = zipped(a__png=PNG, b__png=b"no image", c__exe=PNG)
NOT_TAKEN = {"b.png": "its content is not image/png", "c.exe": "its type is not one of"}


def test_images_that_were_not_taken_are_listed_with_their_reasons(campaign, lead_client):
    page = lead_client.post(
        reverse("admin:crowd_campaign_images", args=[campaign.pk]), {"file": file(MIXED, "images.zip")}
    )

    assert page.status_code == 200
    assert (1, "stored") in [(value, name) for name, value in page.context["numbers"]]
    assert all(f"<td>{name}</td><td>{why}" in page.content.decode() for name, why in NOT_TAKEN.items())


def test_a_new_campaign_says_which_of_its_images_were_not_taken(house, lead_client):
    sent = form(house.project, file=file(lines("a")), media=file(MIXED, "images.zip"))

    page = lead_client.post(ADD, sent, follow=True).content.decode()

    assert "2 files of the zip were not taken: b.png (its content is not image/png), c.exe" in page


@pytest.mark.parametrize("project", ["null", "\0", "1e309", "[]", "9" * 5000, "-1"])
def test_what_is_no_project_is_refused_at_its_field(house, lead_client, project):
    answer = lead_client.post(ADD, form(house.project, file=file(lines("a"))) | {"project": project})
    assert answer.status_code == 200
    assert list(errors(answer)) == ["project"]
    assert not Campaign.objects.exists()


def test_questions_nested_too_deeply_are_refused_at_their_field(house, lead_client):
    answer = lead_client.post(ADD, form(house.project, rubric="[" * 50_000, file=file(lines("a"))))
    assert errors(answer) == {"rubric": ["Enter a valid JSON."]}
    assert not Campaign.objects.exists()
