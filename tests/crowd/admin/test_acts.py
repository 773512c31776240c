import json
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from crowd import campaigns, push
from crowd.importing.importer import import_items
from crowd.models import Campaign, CampaignState, Item, Participation, Slot, Status, Submission
from jobs import runner
from jobs.models import Job, State
from tests.factories import annotation, task

from ..factories import claimed, lines, review_next, reviewer


def path(name: str, campaign: Campaign, *args: int) -> str:
    return reverse(f"admin:crowd_campaign_{name}", args=[campaign.pk, *args])


def said(answer) -> str:
    return " ".join(map(str, answer.context["messages"]))


@pytest.mark.parametrize(
    ("act", "state"),
    [("pause", CampaignState.PAUSED), ("resume", CampaignState.RUNNING), ("close", CampaignState.CLOSED)],
)
def test_pausing_resuming_and_closing_set_the_state_and_say_who_did_it(
    campaign, house, lead_client, act, state
):
    lead_client.post(path(act, campaign))

    assert Campaign.objects.get().state == state
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (house.lead, str(campaign.pk))
    assert "Who" not in entry.get_change_message()


@pytest.mark.parametrize("act", ["pause", "close", "release", "export", "push", "apply", "default"])
def test_looking_at_a_page_changes_nothing(campaign, admin_client, act):
    claimed(campaign, reviewer())
    before = (Campaign.objects.values().get(), list(Slot.objects.order_by("pk").values()))

    admin_client.get(path(act, campaign))

    assert (Campaign.objects.values().get(), list(Slot.objects.order_by("pk").values())) == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (5, "Adds 6 wanted reviews; 0 finished items are open again."),
        (1, "Removes up to 6 wanted reviews. Items that finishes: 1."),
    ],
)
def test_changing_the_number_of_reviews_says_what_it_adds_or_removes(campaign, lead_client, target, sentence):
    review_next(campaign, reviewer())

    page = lead_client.get(path("target", campaign), {"target": target})
    assert sentence in page.content.decode()
    assert Campaign.objects.get().target == 3

    lead_client.post(path("target", campaign), {"target": target})
    assert Campaign.objects.get().target == target
    assert Slot.objects.count() == {5: 15, 1: 3}[target]


@pytest.mark.parametrize("target", ["0", "51", "many", ""])
def test_a_number_of_reviews_out_of_range_is_refused(campaign, lead_client, target):
    answer = lead_client.post(path("target", campaign), {"target": target})

    assert answer.context["form"].errors
    assert Campaign.objects.get().target == 3


def test_releasing_one_person_leaves_what_others_have(campaign, lead_client):
    ann, bo = reviewer(), reviewer()
    claimed(campaign, ann)
    claimed(campaign, bo)
    release = path("release", campaign)

    assert "1 items in hand" in lead_client.get(f"{release}?reviewer={ann.pk}").content.decode()
    lead_client.post(f"{release}?reviewer={ann.pk}")
    assert list(Slot.objects.exclude(reviewer=None).values_list("reviewer", flat=True)) == [bo.pk]

    lead_client.post(release)
    assert not Slot.objects.exclude(reviewer=None).exists()


@pytest.mark.parametrize("asked", ["0", "x", "9" * 30, "-1", ""])
def test_releasing_nobody_known_is_404(campaign, lead_client, asked):
    assert lead_client.post(f"{path('release', campaign)}?reviewer={asked}").status_code == 404


def test_blocking_says_first_what_it_takes_away_and_unblocking_does_not_bring_it_back(campaign, lead_client):
    spammer = reviewer()
    for _ in range(2):
        review_next(campaign, spammer)

    page = lead_client.get(path("block", campaign, spammer.pk)).content.decode()
    assert "2 of their reviews no longer count" in page
    assert Submission.objects.filter(status=Status.COUNTED).count() == 2

    answer = lead_client.post(path("block", campaign, spammer.pk), follow=True)
    assert f"Blocked {spammer.public_id}: 2 reviews no longer count" in said(answer)
    assert Submission.objects.filter(status=Status.WITHDRAWN).count() == 2
    assert Item.objects.filter(counted=0).count() == 3

    lead_client.post(path("unblock", campaign, spammer.pk))
    assert Participation.objects.get().blocked_at is None
    assert Submission.objects.filter(status=Status.WITHDRAWN).count() == 2
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        f"Blocked {spammer.public_id}: 2 reviews no longer count, and others are asked.",
        f"Unblocked {spammer.public_id}.",
    ]


def test_the_link_is_renewed_made_public_and_given_an_end(campaign, lead_client):
    lead_client.post(path("link", campaign), {"access": "keyed"})
    first = Campaign.objects.get().link_key
    lead_client.post(path("link", campaign), {"access": "keyed"})
    assert Campaign.objects.get().link_key not in ("", first)

    lead_client.post(path("link", campaign), {"access": "public"})
    assert Campaign.objects.get().link_key == ""

    end = (timezone.now() + timedelta(days=7)).replace(microsecond=0)
    sent = {"link_expires_at_0": end.strftime("%Y-%m-%d"), "link_expires_at_1": end.strftime("%H:%M:%S")}
    lead_client.post(path("expiry", campaign), sent)
    assert Campaign.objects.get().link_expires_at == end
    lead_client.post(path("expiry", campaign), {"link_expires_at_0": "", "link_expires_at_1": ""})
    assert Campaign.objects.get().link_expires_at is None


def test_settings_are_saved_through_the_service(campaign, lead_client):
    page = reverse("admin:crowd_campaign_change", args=[campaign.pk])
    sent = {"title": "Pots", "instructions": "", "notice": "Kettles", "lease_seconds": 60, "min_seconds": 3}

    lead_client.post(page, sent | {"per_person": "", "stop_when_certain": "", "hub_repo": ""})

    saved = Campaign.objects.get()
    assert (saved.title, saved.notice, saved.lease_seconds, saved.slug) == ("Pots", "Kettles", 60, "kettles")


@pytest.mark.django_db(transaction=True)
def test_an_export_is_downloaded_when_it_is_done(campaign, house, lead_client):
    review_next(campaign, reviewer())

    report = lead_client.post(path("export", campaign), follow=True)
    zipped = lead_client.get(report.context["download"])

    assert report.context["numbers"] == [(1, "reviews")]
    assert b"".join(zipped.streaming_content)[:2] == b"PK"


@pytest.mark.django_db(transaction=True)
def test_reviews_come_back_from_an_export(campaign, house, lead_client):
    review_next(campaign, reviewer())
    export = lead_client.post(path("export", campaign), follow=True).context["download"]
    content = SimpleUploadedFile("reviews.zip", b"".join(lead_client.get(export).streaming_content))
    copy = campaigns.create(house.project, actor=house.lead, title="Copy")
    import_items(copy, BytesIO(lines("a", "b", "c")))

    report = lead_client.post(path("restore", copy), {"file": content}, follow=True)

    assert report.context["numbers"][0] == (1, "created")
    assert copy.submissions.count() == 1


def test_a_file_to_restore_that_is_no_zip_is_refused_at_its_field(campaign, lead_client):
    answer = lead_client.post(path("restore", campaign), {"file": SimpleUploadedFile("a.zip", b"no zip")})

    assert list(answer.context["form"].errors) == ["file"]


@pytest.mark.parametrize(("author", "accepted"), [("annotator", 1), ("lead", 0)])
def test_outcomes_are_applied_after_a_page_that_counts_them_but_not_to_own_work(
    house, lead_client, author, accepted
):
    made = annotation(task(house.project), getattr(house, author))
    campaign = campaigns.create(house.project, actor=house.lead, title="Letters", target=1)
    line = {"anno_id": "a", "annotation_unique_id": str(made.unique_id)}
    import_items(campaign, BytesIO(json.dumps(line).encode()))
    review_next(campaign, reviewer())

    page = lead_client.get(path("apply", campaign)).content.decode()
    report = lead_client.post(path("apply", campaign), follow=True)

    assert "1 annotations are accepted" in page
    assert (accepted, "accepted") in report.context["numbers"]
    assert report.context["refused"] == ({} if accepted else {"own_annotation": 1})
    made.refresh_from_db()
    assert (made.last_action == "accepted") == bool(accepted)


def test_the_report_of_a_push_names_the_dataset(campaign, house, lead_client):
    report = {"pushed": 2, "commits": 1, "repository": "lab/kettles"}
    job = runner.create(push.KIND, created_by=house.lead, project_id=house.project.pk, subject_id=campaign.pk)
    Job.objects.filter(pk=job.pk).update(state=State.SUCCEEDED, report=report, finished_at=timezone.now())

    page = lead_client.get(path("report", campaign, job.pk)).content.decode()

    assert "Dataset: lab/kettles" in page


def test_the_page_of_the_expiry_says_what_can_still_be_sent(campaign, lead_client):
    page = lead_client.get(path("expiry", campaign)).content.decode()

    assert "What somebody has in hand by then can still be sent." in page
