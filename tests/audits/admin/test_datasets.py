from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from audits import datasets, jobs
from audits.models import BaseModel, BaseState, Dataset
from jobs import runner
from jobs.models import Job, State
from jobs.running import RunningJob
from tasks.models import Project

from .. import factories
from ..test_importing import GOOD

ADD = reverse("admin:audits_dataset_add")


def change(dataset: Dataset) -> str:
    return reverse("admin:audits_dataset_change", args=[dataset.pk])


def settings_of(client, dataset: Dataset) -> dict[str, str]:
    """As the form shows them."""
    form = client.get(change(dataset)).context["adminform"].form
    return {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}


def files(**changes: str) -> dict[str, BytesIO]:
    sent = {}
    for name, text in (GOOD | changes).items():
        sent[name] = BytesIO(text.encode())
        sent[name].name = f"May {name}.csv"
    return sent


def upload(into: Project, **changes) -> dict:
    given = {"title": "Hats", "project": into.pk, "preset": "plain", "scale_max": 4, "is_fitted": "on"}
    return given | files() | changes


def test_files_become_a_data_set_with_a_base_model(house, lead_client):
    page = lead_client.post(ADD, upload(house.project), follow=True)

    dataset = Dataset.objects.get()
    assert (dataset.title, dataset.project, dataset.created_by) == ("Hats", house.project, house.lead)
    assert page.context["numbers"] == [(2, "topics"), (2, "comments"), (1, "raters"), (2, "ratings")]
    assert change(dataset) in page.content.decode()
    assert page.context["fit"].state == State.SUCCEEDED


def test_the_report_names_each_wrong_row_and_nothing_is_stored(house, lead_client):
    wrong = files(ratings=GOOD["ratings"] + "r1,<b>,1\n", raters=GOOD["raters"] + "r1,,,,,\n")
    page = lead_client.post(ADD, upload(house.project) | wrong, follow=True)

    assert page.context["bad_rows"] == [
        {"file": "May raters.csv", "line": 3, "reason": "rater r1 is there twice"},
        {"file": "May ratings.csv", "line": 4, "reason": "there is no comment <b>"},
    ]
    assert "<td>May ratings.csv</td><td>4</td>" in page.content.decode()
    assert "there is no comment &lt;b&gt;" in page.content.decode()
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"project": ""}, "project"),
        ({"project": 10**6}, "project"),
        ({"preset": "guess"}, "preset"),
        ({"scale_max": 11}, "scale_max"),
        ({"comments": ""}, "comments"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_at_the_field(house, lead_client, changes, field):
    page = lead_client.post(ADD, upload(house.project, **changes))

    assert list(page.context["form"].errors) == [field]
    assert not Job.objects.exists()


def test_a_data_set_for_everybody_is_for_administrators_to_import(house, admin_client):
    admin_client.post(ADD, upload(house.project, project="", is_fitted=""))

    dataset = Dataset.objects.get()
    assert (dataset.project, datasets.current_base(dataset)) == (None, None)


def test_the_form_names_the_columns_of_each_file(house, lead_client):
    page = lead_client.get(ADD).content.decode()

    assert "Comments: comment, text, topic, topic_label, system, is_evaluated, harm:…" in page
    assert "Ratings: user_id, item_id, rating" in page


def test_a_large_import_is_watched_and_cancelled(house, lead_client, monkeypatch):
    monkeypatch.setattr(jobs, "IMPORT_BYTES", 0)
    page = lead_client.post(ADD, upload(house.project), follow=True)
    job = Job.objects.get()
    assert "every 2s" in page.content.decode()

    lead_client.post(reverse("admin:audits_dataset_cancel", args=[job.pk]))

    page = lead_client.get(reverse("admin:audits_dataset_job", args=[job.pk])).content.decode()
    assert "Cancelled: Import of a data set cancelled. Nothing was imported." in page
    assert "every 2s" not in page


def test_settings_are_changed_in_words(dataset, house, lead_client):
    form = settings_of(lead_client, dataset)
    assert form["label_bins"].startswith("0 to 0.5: 2\n0.5 to 1.5: 4\n")
    sent = form | {"title": "Other", "developers": "Ada\n\n Ben ", "label_bins": "0 to 2: 5\n2-4: 6"}

    answer = lead_client.post(change(dataset), sent)

    assert answer.status_code == 302, answer.context["errors"]
    dataset.refresh_from_db()
    assert (dataset.title, dataset.developers) == ("Other", ["Ada", "Ben"])
    assert dataset.label_bins == [{"from": 0, "to": 2, "n": 5}, {"from": 2, "to": 4, "n": 6}]
    assert LogEntry.objects.get().user == house.lead


def test_saving_a_form_as_it_is_changes_nothing(dataset, lead_client):
    before = Dataset.objects.values().get()

    lead_client.post(change(dataset), settings_of(lead_client, dataset))

    assert Dataset.objects.values().get() == before


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"title": ""}, "title", "required"),
        ({"threshold": 5}, "threshold", "at most 4"),
        ({"threshold": "nan"}, "threshold", "number"),
        ({"good_below": 2}, "okay_below", "good before okay"),
        ({"harm_share": 1}, "harm_share", "below 1"),
        ({"min_labels": 1}, "min_labels", "at least 2"),
        ({"min_group": 1}, "min_group", "greater than or equal to 2"),
        ({"label_bins": "0 to 2: 5\nmany"}, "label_bins", "“many” is not like"),
        ({"label_bins": "0 to 2: 5\n3 to 4: 5"}, "label_bins", "begins where the one before ends"),
        ({"label_bins": "2 to 0: 5"}, "label_bins", "lower one first"),
        ({"label_bins": "0 to 1.2.3: 5"}, "label_bins", "is not like"),
        ({"label_bins": ""}, "label_bins", "required"),
        ({"developers": "Ada\nAda"}, "developers", "once"),
        ({"deployers": "x" * 201}, "deployers", "200"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_the_field(dataset, lead_client, changes, field, says):
    before = Dataset.objects.values().get()
    sent = settings_of(lead_client, dataset) | changes

    errors = lead_client.post(change(dataset), sent).context["adminform"].form.errors

    assert list(errors) == [field]
    assert says in errors.as_text()
    assert Dataset.objects.values().get() == before


def test_the_page_says_what_there_is_and_what_the_base_model_is_worth(dataset, ada, lead_client):
    factories.fitted(dataset, ada)

    page = lead_client.get(change(dataset))

    assert page.context["sizes"] == {"topics": 9, "comments": 400, "raters": 60, "ratings": 2000}
    assert page.context["work"] == {"models": 1, "reports": 0, "submissions": 0}
    base = datasets.current_base(dataset)
    gain = base.metrics["gain"]
    assert f"{base}, baseline, of 2,000 ratings, {gain:.1%} better than the means" in page.content.decode()


# --- base models ---


def test_a_base_model_is_fitted_from_the_page_and_its_worth_is_in_words(dataset, house, lead_client):
    fit = reverse("admin:audits_dataset_fit", args=[dataset.pk])
    assert "In use: Base model" in lead_client.get(fit).content.decode()

    page = lead_client.post(fit, {"algorithm": "baseline", "seed": 7}, follow=True)

    base = datasets.current_base(dataset)
    assert (base.seed, base.created_by) == (7, house.lead)
    held_out, gate = page.context["sentences"]
    assert held_out.startswith("7 raters were held out.")
    assert f"z = {base.metrics['gate']['z']:.1f}" in gate
    shown = lead_client.get(reverse("admin:audits_basemodel_change", args=[base.pk])).content.decode()
    for words in (base.sha256, "7 raters were held out", "more than 2 is asked", "Succeeded"):
        assert words in shown


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"algorithm": "guess", "seed": 0}, "algorithm"),
        ({"algorithm": "baseline", "seed": -1}, "seed"),
        ({"algorithm": "baseline", "seed": 2**32}, "seed"),
        ({"algorithm": "baseline", "seed": ""}, "seed"),
    ],
)
def test_fits_that_cannot_be(dataset, lead_client, sent, field):
    page = lead_client.post(reverse("admin:audits_dataset_fit", args=[dataset.pk]), sent)

    assert list(page.context["form"].errors) == [field]
    assert BaseModel.objects.count() == 1


def test_a_second_fit_waits_for_the_first_which_can_be_cancelled(dataset, lead_client, monkeypatch):
    monkeypatch.setattr(jobs, "SMALL_RATINGS", 0)
    fit, sent = reverse("admin:audits_dataset_fit", args=[dataset.pk]), {"algorithm": "baseline", "seed": 1}
    lead_client.post(fit, sent)
    job = Job.objects.get(state=State.QUEUED)
    assert "being fitted" in str(lead_client.post(fit, sent).context["form"].errors)
    assert f"Job {job.pk}" in lead_client.get(change(dataset)).content.decode()

    lead_client.post(reverse("admin:audits_dataset_cancel", args=[job.pk]))

    assert BaseModel.objects.get(pk=job.subject).state == BaseState.FAILED
    page = lead_client.get(reverse("admin:audits_dataset_job", args=[job.pk])).content.decode()
    assert "Fit of a base model cancelled. The base model before stays." in page


def test_a_base_model_that_was_never_measured_says_so(house, lead_client):
    small = factories.small_dataset(house.project)
    lead_client.post(
        reverse("admin:audits_dataset_fit", args=[small.pk]), {"algorithm": "baseline", "seed": 1}
    )

    base = datasets.current_base(small)
    shown = lead_client.get(reverse("admin:audits_basemodel_change", args=[base.pk])).content.decode()

    assert "too few raters to hold some of them out" in shown
    assert "whether they help was not measured" in shown


# --- deleting ---


def test_deleting_says_whose_work_goes_and_takes_everything(dataset, ada, lead_client):
    factories.fitted(dataset, ada)
    delete = reverse("admin:audits_dataset_delete", args=[dataset.pk])

    assert "1 models and 0 reports" in lead_client.get(delete).content.decode()
    lead_client.post(delete, {"post": "yes"})

    assert not Dataset.objects.exists()
    assert Job.objects.get(kind=jobs.DELETE).state == State.SUCCEEDED


def test_a_large_deletion_is_a_job_to_watch(dataset, lead_client, monkeypatch):
    monkeypatch.setattr(jobs, "DELETED_RATINGS", 0)

    delete = reverse("admin:audits_dataset_delete", args=[dataset.pk])
    page = lead_client.post(delete, {"post": "yes"}, follow=True)

    job = Job.objects.get(kind=jobs.DELETE)
    assert page.context["job"] == job
    assert "deleted successfully" not in page.content.decode()
    page = lead_client.get(reverse("admin:audits_dataset_job", args=[runner.run_now(job).pk]))
    assert (400, "comments") in page.context["numbers"]


def test_progress_is_shown_while_it_runs(dataset, house, lead_client, monkeypatch):
    seen = []
    monkeypatch.setattr(RunningJob, "check_cancelled", lambda one: seen.append((one.done, one.sentence)))
    jobs.start_deletion(dataset, house.lead)
    assert seen[0] == (0, "Deleting submissions")
    assert seen[-1] == (13, "Deleting data sets")
