"""Who gets which page of a data set: every route, as everybody."""

import pytest
from django.urls import reverse

from audits import jobs
from audits.models import Dataset, Topic
from tests.admin_fixtures import sign_in

from .. import factories

# Name → what a lead of the project gets from GET and from an empty POST.
ROUTES = {
    "dataset_change": (200, 200),
    "dataset_history": (200, 200),
    "dataset_fit": (200, 200),
    "dataset_job": (200, 200),
    "dataset_cancel": (405, 302),
    "topic_change": (200, 200),
    "topic_history": (200, 200),
    "basemodel_change": (200, 403),
    "basemodel_history": (200, 200),
    "dataset_delete": (200, 200),
}
LISTS = [reverse(f"admin:audits_{name}_changelist") for name in ("dataset", "topic", "basemodel")]


def addresses(dataset: Dataset) -> dict[str, str]:
    job = jobs.start_base_fit(dataset, dataset.created_by)
    ids = {"dataset": dataset.pk, "topic": dataset.topics.first().pk, "basemodel": job.subject}
    ids |= {"dataset_job": job.pk, "dataset_cancel": job.pk}
    return {
        name: reverse(f"admin:audits_{name}", args=[ids.get(name, ids[name.partition("_")[0]])])
        for name in ROUTES
    }


def answers(client, dataset: Dataset) -> dict[str, tuple[int, int]]:
    return {
        name: (client.get(path).status_code, client.post(path, {}).status_code)
        for name, path in addresses(dataset).items()
    }


def test_a_lead_opens_every_page_of_their_data_set(house, lead_client):
    assert answers(lead_client, factories.small_dataset(house.project)) == ROUTES


def test_pages_of_a_data_set_elsewhere_are_closed_and_name_nothing(house, elsewhere, lead_client):
    before = Dataset.objects.values().get()
    for path in addresses(elsewhere).values():
        for answer in (lead_client.get(path), lead_client.post(path, {"title": "Mine", "post": "yes"})):
            assert answer.status_code in (403, 404, 405), path
            assert b"Secret" not in answer.content
    assert Dataset.objects.values().get() == before


@pytest.mark.parametrize("is_of_nobody", [True, False])
def test_rows_elsewhere_are_in_no_list(house, elsewhere, lead_client, is_of_nobody):
    """Nor are those of the whole site, which leads audit but do not run."""
    own = factories.small_dataset(house.project)
    if is_of_nobody:
        elsewhere = factories.small_dataset(None, title="Secret data")
    for of in (own, elsewhere):
        jobs.start_base_fit(of, of.created_by)
    for path in LISTS:
        page = lead_client.get(path)
        asked = lead_client.get(
            path, {"dataset": elsewhere.pk} if "dataset/" not in path else {"q": "Secret"}
        )
        assert {getattr(row, "dataset_id", row.pk) for row in page.context["cl"].result_list} == {own.pk}
        assert not asked.context["cl"].result_list
        assert "Secret" not in page.content.decode()


def test_an_administrator_sees_all(elsewhere, admin_client):
    site = factories.small_dataset(None)
    rows = admin_client.get(LISTS[0]).context["cl"].result_list
    assert {row.pk for row in rows} == {elsewhere.pk, site.pk}
    assert admin_client.get(reverse("admin:audits_dataset_change", args=[site.pk])).status_code == 200


@pytest.mark.parametrize("who", ["reviewer", "annotator", "stranger"])
def test_nobody_but_managers_gets_in(house, who):
    person = getattr(house, who)
    person.is_staff = True
    person.save()
    dataset = factories.small_dataset(house.project)
    client = sign_in(person)
    found = {code for pair in answers(client, dataset).values() for code in pair}
    found |= {client.get(path).status_code for path in [*LISTS, reverse("admin:audits_dataset_add")]}
    assert found <= {403, 404, 405}
    assert Topic.objects.filter(dataset=dataset).exists()


def test_imports_of_others_are_not_shown(house, elsewhere, lead_client):
    job = jobs.runner.create(jobs.IMPORT, created_by=elsewhere.created_by, project_id=elsewhere.project_id)
    site = jobs.runner.create(jobs.IMPORT, created_by=factories.admin())
    other_kind = jobs.runner.create("import_tasks", created_by=house.lead, project_id=house.project.pk)
    found = [
        lead_client.get(reverse("admin:audits_dataset_job", args=[one.pk])).status_code
        for one in (job, site, other_kind)
    ]
    assert found == [404, 404, 404]


def test_lists_ask_no_more_for_more_rows(house, lead_client, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count() -> list[int]:
        found = []
        for path in LISTS:
            with CaptureQueriesContext(connection) as asked:
                assert lead_client.get(path).status_code == 200
            found.append(len(asked))
        return found

    for _ in range(4):
        dataset = factories.small_dataset(house.project)
        jobs.start_base_fit(dataset, house.lead)
        if Dataset.objects.count() == 1:
            count()  # fills caches
            one = count()
    assert count() == one
