"""A project's page: settings are changed through the service and written down; people are named by e-mail."""

import pytest
from django.urls import reverse

from tasks.models import Membership, Project, ProjectChange, Task
from tests import factories
from users.capabilities import Role

ADD = reverse("admin:tasks_project_add")


def page_of(project: Project) -> str:
    return reverse("admin:tasks_project_change", args=[project.pk])


def as_filled_in(client, page: str, **changes) -> dict:
    """What the browser would send: the form as the page shows it, and `changes`."""
    shown = client.get(page).context
    formsets = [inline.formset for inline in shown["inline_admin_formsets"]]
    forms = [
        shown["adminform"].form,
        *(form for formset in formsets for form in (formset.management_form, *formset.forms)),
    ]
    data = {form.add_prefix(name): form[name].value() for form in forms for name in form.fields}
    return {
        name: value for name, value in (data | changes).items() if value is not None and value is not False
    }


def test_a_changed_setting_is_written_down(house, lead_client):
    data = as_filled_in(
        lead_client, page_of(house.project), require_review_comment_on_reject="on", maximum_annotations=2
    )

    answer = lead_client.post(page_of(house.project), data)

    assert answer.status_code == 302
    house.project.refresh_from_db()
    assert (house.project.require_review_comment_on_reject, house.project.maximum_annotations) == (True, 2)
    changes = ProjectChange.objects.values_list("setting", "old", "new", "changed_by")
    assert set(changes) == {
        ("require_review_comment_on_reject", False, True, house.lead.pk),
        ("maximum_annotations", 1, 2, house.lead.pk),
    }
    house.task.refresh_from_db()
    assert house.task.overlap == 2


def test_share_that_enters_review_is_set_and_drawn(house, lead_client):
    data = as_filled_in(lead_client, page_of(house.project))
    lead_client.post(page_of(house.project), data | {"review_task_limit_percent": "0", "sampling": "random"})

    changes = ProjectChange.objects.values_list("setting", "old", "new")
    assert set(changes) == {("review_task_limit_percent", 100.0, 0.0), ("sampling", "task_id", "random")}
    house.task.refresh_from_db()
    assert house.task.review_required is False


def test_saving_without_a_change_writes_nothing(house, lead_client):
    lead_client.post(page_of(house.project), as_filled_in(lead_client, page_of(house.project)))

    assert not ProjectChange.objects.exists()


def test_line_ends_of_a_browser_are_no_change(house, lead_client):
    house.project.label_config = house.project.label_config.replace("><", ">\n<") + "\n"
    house.project.save()
    data = as_filled_in(lead_client, page_of(house.project))

    lead_client.post(
        page_of(house.project), data | {"label_config": data["label_config"].replace("\n", "\r\n")}
    )

    assert not ProjectChange.objects.exists()


def test_changes_are_listed_on_the_page(filled, lead_client):
    page = lead_client.get(page_of(filled.project)).content.decode()

    assert "newest changes of settings" in page.lower()
    assert "description" in page
    assert "lead@example.org" in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"default_reject_action": "redistribute"}, "default_reject_action"),
        ({"reject_reasons": '[{"code": "x"}]'}, "reject_reasons"),
        ({"label_config": "<View>"}, "label_config"),
        ({"maximum_annotations": 0}, "maximum_annotations"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_a_refused_setting_is_told_at_its_field(changes, field, house, lead_client):
    data = as_filled_in(lead_client, page_of(house.project), **changes)

    answer = lead_client.post(page_of(house.project), data)

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert not ProjectChange.objects.exists()


def test_a_project_is_made_by_the_service(house, lead_client):
    data = as_filled_in(lead_client, ADD, title="New letters", label_config=factories.CHOICES)

    answer = lead_client.post(ADD, data)

    made = Project.objects.get(title="New letters")
    assert answer.status_code == 302
    assert (made.created_by, Membership.objects.get(project=made).role) == (house.lead, Role.MANAGER)
    assert lead_client.get(page_of(made)).status_code == 200


def test_a_project_is_not_made_by_who_may_not(house, lead_client):
    house.lead.may_create_projects = False
    house.lead.save()

    assert lead_client.get(ADD).status_code == 403


def test_somebody_is_added_by_email(house, lead_client):
    row = len(house.project.memberships.all())
    new = {f"memberships-{row}-email": "STRANGER@example.org", f"memberships-{row}-role": "RE"}

    lead_client.post(page_of(house.project), as_filled_in(lead_client, page_of(house.project), **new))

    assert house.membership(house.stranger).role == Role.REVIEWER


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("nobody@example.org", "There is no account with this e-mail"),
        ("reviewer@example.org", "already a member"),
    ],
)
def test_nobody_unknown_and_nobody_twice(email, words, house, lead_client):
    before = house.project.memberships.count()
    new = {f"memberships-{before}-email": email, f"memberships-{before}-role": "RE"}

    answer = lead_client.post(
        page_of(house.project), as_filled_in(lead_client, page_of(house.project), **new)
    )

    assert words in answer.content.decode()
    assert house.project.memberships.count() == before


def test_a_role_is_changed_and_a_member_removed(house, lead_client):
    shown = lead_client.get(page_of(house.project)).context["inline_admin_formsets"][0].formset
    place = {form.instance.user_id: form.prefix for form in shown.initial_forms}
    changes = {
        f"{place[house.annotator.pk]}-role": "RE",
        f"{place[house.annotator.pk]}-paused": "on",
        f"{place[house.annotator2.pk]}-DELETE": "on",
    }

    lead_client.post(page_of(house.project), as_filled_in(lead_client, page_of(house.project), **changes))

    changed = house.membership(house.annotator)
    assert (changed.role, changed.paused) == (Role.REVIEWER, True)
    assert not Membership.objects.filter(user=house.annotator2).exists()


def test_deleting_a_project_marks_it(house, lead_client):
    lead_client.post(reverse("admin:tasks_project_delete", args=[house.project.pk]), {"post": "yes"})

    house.project.refresh_from_db()
    assert house.project.deleted_at
    assert Task.objects.filter(pk=house.task.pk, deleted_at=None).exists()
    assert lead_client.get(page_of(house.project)).status_code == 302


def test_counts_are_right_at_once(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    (row,) = lead_client.get(reverse("admin:tasks_project_changelist")).context["cl"].result_list

    assert (
        row.totals["tasks"],
        row.totals["annotations"],
        row.totals["reviewed"],
        row.totals["accepted"],
    ) == (1, 1, 1, 1)
