"""What may be done to a selection."""

import pytest

from reviews.models import Review
from tasks.choices import AssignmentType
from tasks.models import Annotation, Assignment, Prediction, Task, View
from tasks.services import assignments
from tests.factories import client_of, reviewed
from tests.snapshots import everything
from tests.task_table import item

EVERYTHING = {"selectedItems": {"all": True, "excluded": []}}


@pytest.fixture
def act(house, table):
    """act("delete_tasks", by=…, **body): the answer to an action."""

    def acted(name, *, by=None, **body):
        url = f"/api/dm/actions?project={house.project.pk}&id={name}"
        return client_of(by or house.lead).post(url, body or EVERYTHING, format="json")

    return acted


def only(*ids: int) -> dict:
    return {"all": False, "included": list(ids)}


@pytest.mark.parametrize(("who", "expected"), [("annotator", 0), ("reviewer", 6), ("lead", 15)])
def test_actions_are_listed_by_role(house, who, expected):
    actions = client_of(getattr(house, who)).get(f"/api/dm/actions?project={house.project.pk}").json()

    assert len(actions) == expected
    assert all({"id", "title", "order", "permission", "dialog"} <= one.keys() for one in actions)


def test_action_without_id_is_422_and_an_unknown_one_400(house, act):
    url = f"/api/dm/actions?project={house.project.pk}"

    assert client_of(house.lead).post(url, EVERYTHING, format="json").status_code == 422
    assert act("burn_everything").status_code == 400


@pytest.mark.parametrize(
    "name", ["delete_tasks", "delete_tasks_annotations", "assign_reviewers", "delete_tasks_predictions"]
)
def test_managing_is_for_managers(house, table, act, name):
    answer = act(name, by=house.reviewer, users=[house.reviewer.pk], **EVERYTHING)

    assert (answer.status_code, Task.objects.filter(deleted_at=None).count(), Assignment.objects.count()) == (
        403,
        4,
        1,
    )


def test_annotator_reviews_nothing(house, table, act):
    assert act("accept_tasks_annotations", by=house.annotator).status_code == 403
    assert Review.objects.count() == 3


def test_nothing_said_is_no_selection(house, table, act):
    answer = act("delete_tasks", made_up=1)

    assert (answer.status_code, answer.json()["code"]) == (400, "nothing_selected")
    assert act("delete_tasks", selectedItems=only()).json()["processed_items"] == 0
    assert Task.objects.filter(deleted_at=None).count() == 4


@pytest.mark.parametrize("url", ["actions/?id=delete_tasks&", "views/?"])
def test_body_that_is_no_object_is_400(house, table, url):
    answer = client_of(house.lead).post(f"/api/dm/{url}project={house.project.pk}", [1], format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_query")


def test_form_body_carries_json_as_text(house, table):
    url = f"/api/dm/actions/?id=delete_tasks&project={house.project.pk}"

    answer = client_of(house.lead).post(
        url, {"selectedItems": f'{{"all": false, "included": [{table["fixed"]}]}}'}
    )

    assert answer.json()["processed_items"] == 1


def test_chosen_tasks_are_deleted(house, table, act):
    answer = act("delete_tasks", selectedItems=only(table["fixed"], table["untouched"]))

    assert (answer.status_code, answer.json()["processed_items"]) == (200, 2)
    assert set(Task.objects.filter(deleted_at=None).values_list("pk", flat=True)) == {
        table["accepted"],
        table["rejected"],
    }


def test_tasks_of_another_project_are_not_touched(house, table, act):
    from tests.factories import project, task

    other = task(project(lead=house.admin))

    assert act("delete_tasks", selectedItems=only(other.pk)).json()["processed_items"] == 0
    assert Task.objects.get(pk=other.pk).deleted_at is None


def test_filtered_tasks_lose_their_annotations(house, table, act):
    filters = {"conjunction": "and", "items": [item("reviews_rejected", "greater", 0)]}

    answer = act("delete_tasks_annotations", filters=filters, ordering=[], **EVERYTHING)

    assert answer.json()["processed_items"] == 1
    assert Annotation.objects.get(pk=table["annotation"]).deleted_at is not None
    assert Annotation.objects.present().count() == 2


def test_annotations_of_one_annotator_are_deleted(house, table, act):
    assert (
        act("delete_tasks_annotations", annotator=str(house.annotator2.pk), **EVERYTHING).json()[
            "processed_items"
        ]
        == 1
    )


def test_predictions_are_deleted_and_counted(house, table, act):
    assert act("delete_tasks_predictions").json()["processed_items"] == 1
    assert not Prediction.objects.exists()
    assert Task.objects.get(pk=table["rejected"]).total_predictions == 0


def test_selection_is_accepted_and_what_is_refused_is_counted(house, table, act):
    reviewed(Annotation.objects.get(pk=table["annotation"]), house.reviewer)
    answer = act(
        "reject_tasks_annotations",
        by=house.reviewer,
        comment="Look again",
        reject_action="requeue",
        **EVERYTHING,
    )

    body = answer.json()
    assert (answer.status_code, body["processed_items"], body["refused"]) == (200, 2, {"own_annotation": 1})
    assert Annotation.objects.get(pk=table["annotation"]).last_action == "rejected"
    assert len(body["bulk_reviews"]) == 1


def test_reviews_of_a_selection_are_taken_back(house, table, act):
    answer = act("delete_tasks_reviews", selectedItems=only(table["rejected"], table["accepted"]))

    assert answer.json()["processed_items"] == 2
    assert Task.objects.get(pk=table["rejected"]).reviews_rejected == 0


@pytest.mark.parametrize("to", ["author", "anyone"])
def test_a_selection_is_reopened(house, table, act, to):
    chosen = {"selectedItems": only(table["rejected"], table["accepted"]), "include_decided": True}
    answer = act("reopen_tasks_annotations", to=to, **chosen)

    returned = Annotation.objects.filter(returned_at__isnull=False)
    assert (answer.json()["processed_items"], returned.count()) == (2, 2)
    assert returned.filter(returned_to=None).count() == (2 if to == "anyone" else 0)


def test_a_selection_is_reopened_to_somebody_known(house, table, act):
    answer = act("reopen_tasks_annotations", to="the moon", **EVERYTHING)

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["to"])


def test_unknown_outcome_is_400(house, table, act):
    answer = act("reject_tasks_annotations", reject_action="burn", **EVERYTHING)

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["reject_action"])


@pytest.mark.parametrize("name", ["comment", "reason"])
@pytest.mark.parametrize("sent", [True, ["no"], "NUL \x00", "x" * 10_001])
def test_comment_that_is_no_text_is_400_naming_it(house, table, act, name, sent):
    answer = act("reject_tasks_annotations", **{name: sent}, **EVERYTHING)

    assert (answer.status_code, list(answer.json().get("validation_errors", [name]))) == (400, [name])
    assert Annotation.objects.filter(last_action="rejected").count() == 1


def test_reviewers_are_assigned_and_unassigned(house, table, act):
    given = act("assign_reviewers", users=[house.reviewer.pk], selectedItems=only(table["accepted"]))
    taken = act("delete_reviewers", selectedItems=only(table["untouched"]))

    assert (given.json()["processed_items"], taken.json()["processed_items"]) == (1, 1)
    assert list(Assignment.objects.values_list("task", "user", "type")) == [
        (table["accepted"], house.reviewer.pk, "RE")
    ]


@pytest.mark.parametrize("users", [[], "x", None, [10**9]])
def test_assigning_to_nobody_is_400(house, table, act, users):
    answer = act("assign_annotators", users=users, **EVERYTHING)

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["users"])


def test_action_takes_filters_and_selection_of_a_view(house, table):
    filters = {"conjunction": "and", "items": [item("reviews_rejected", "greater", 0)]}
    view = View.objects.create(project=house.project, data={"filters": filters})
    url = f"/api/dm/actions?project={house.project.pk}&id=delete_tasks&view={view.pk}"

    answer = client_of(house.lead).post(url, {}, format="json")

    assert answer.json()["processed_items"] == 1
    assert Task.objects.get(pk=table["rejected"]).deleted_at is not None


# --- the label stream -------------------------------------------------------------------------------


def test_next_task_is_the_returned_work_first(house, table, act):
    body = act("next_task", by=house.annotator2).json()

    assert (body["id"], body["default_selected_annotation"]) == (table["rejected"], table["annotation"])
    assert [one["id"] for one in body["annotations"]] == [table["annotation"]]


def test_next_task_is_the_lowest_that_wants_an_annotation(house, table):
    body = client_of(house.annotator).get(f"/api/projects/{house.project.pk}/next").json()

    assert (body["id"], body["default_selected_annotation"], body["returned"]) == (
        table["untouched"],
        None,
        None,
    )
    assert body["unique_lock_id"] == body["lease"]["id"]
    assert body["queue"]


def test_next_task_is_404_when_nothing_is_left(house, table, act):
    answer = act("next_task", by=house.annotator, selectedItems=only(table["accepted"]))

    assert (answer.status_code, answer.json()["code"]) == (404, "nothing_left")


def test_paused_annotator_gets_no_new_task(house, table, act):
    membership = house.membership(house.annotator)
    membership.paused = True
    membership.save()

    assert act("next_task", by=house.annotator).status_code == 404


def test_next_task_keeps_to_assigned_ones_where_the_project_says_so(house, table, act):
    house.project.label_stream_task_distribution = "assigned_only"
    house.project.save()
    before = act("next_task", by=house.annotator).status_code
    assignments.assign(
        Task.objects.filter(pk=table["untouched"]), [house.annotator], AssignmentType.ANNOTATOR
    )

    assert (before, act("next_task", by=house.annotator).json()["id"]) == (404, table["untouched"])


def test_history_of_the_stream_is_what_i_worked_on(house, table):
    def history(user):
        return client_of(user).get(f"/api/projects/{house.project.pk}/label-stream-history").json()

    assert history(house.annotator2) == [{"taskId": table["rejected"], "annotationId": table["annotation"]}]
    assert history(house.reviewer) == [{"taskId": table["untouched"], "annotationId": None}]


# --- what dialogs say before, and answers after ---------------------------------------------------------


REVIEWING = ("accept_tasks_annotations", "reject_tasks_annotations", "reopen_tasks_annotations")


def form(house, name: str, by, **body) -> list[dict]:
    url = f"/api/dm/actions/{name}/form/?project={house.project.pk}"
    found = client_of(by).post(url, body, format="json") if body else client_of(by).get(url)
    return [field for row in found.json() for field in row["fields"]]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "accept_tasks_annotations",
            "0 of 3 annotations would be accepted. Would be left alone: 3 already decided by others.",
        ),
        (
            "reject_tasks_annotations",
            "0 of 3 annotations would be rejected. Would be left alone: 3 already decided by others.",
        ),
        (
            "reopen_tasks_annotations",
            "0 of 3 annotations would be reopened. Would be left alone: 3 already decided by others.",
        ),
        (
            "undo_tasks_reviews",
            "3 of 3 annotations would be undone. 3 verdicts of others would be undone.",
        ),
    ],
)
def test_a_dialog_says_what_the_action_would_do_to_the_selection(house, table, name, sentence):
    before = everything()

    *_, last = form(house, name, house.lead, **EVERYTHING)

    assert (last["type"], last["description"]) == ("toggle", sentence)
    assert "description" not in form(house, name, house.lead)[-1]
    assert everything() == before


def test_of_a_very_large_selection_a_dialog_counts_what_others_have_decided(house, table, monkeypatch):
    monkeypatch.setattr("labelstudio.data_manager.reviewing.PREVIEWED", 2)

    *_, last = form(house, "accept_tasks_annotations", house.lead, **EVERYTHING)

    assert last["description"] == "3 annotations are selected. Others have decided 3 of them."


def test_listed_review_actions_leave_their_form_to_be_asked_for(house, table):
    actions = client_of(house.reviewer).get(f"/api/dm/actions?project={house.project.pk}").json()

    asked_for = {one["id"] for one in actions if one["dialog"]["form"] is None}
    assert asked_for >= {*REVIEWING, "undo_tasks_reviews", "undo_bulk_review"}
    # Label Studio's dialogs say of everything called "delete" that it cannot be undone.
    assert not [one for one in asked_for if "delete" in one and "review" in one]


@pytest.mark.parametrize("name", [*REVIEWING, "undo_tasks_reviews"])
def test_a_dry_run_changes_nothing(house, table, act, name):
    before = everything()

    body = act(name, dry_run=True, include_decided=True, **EVERYTHING).json()

    assert (body["dry_run"], body["processed_items"], body["bulk_reviews"]) == (True, 0, [])
    assert body["detail"].startswith("3 of 3 annotations would be ")
    assert everything() == before


def test_only_actions_on_reviews_know_a_dry_run(house, table, act):
    answer = act("delete_tasks", dry_run=True, **EVERYTHING)

    assert (answer.status_code, answer.json()["code"]) == (400, "no_dry_run")
    assert Task.objects.filter(deleted_at=None).count() == 4


@pytest.mark.parametrize("name", ["accept_tasks_annotations", "delete_tasks"])
def test_a_selection_of_another_size_than_expected_is_refused(house, table, act, name):
    answer = act(name, expected_count=3, **EVERYTHING)

    assert (answer.status_code, answer.json()["code"]) == (400, "selection_changed")
    assert act(name, expected_count=4, **EVERYTHING).status_code == 200


def test_a_bulk_action_is_chosen_and_undone_as_a_whole(house, table, act):
    rejected = act("reject_tasks_annotations", include_decided=True, **EVERYTHING).json()
    (chosen, *_) = form(house, "undo_bulk_review", house.lead)[0]["options"]

    undone = act("undo_bulk_review", bulk_review=chosen["value"], **EVERYTHING).json()

    assert (rejected["replaced"], rejected["bulk_reviews"]) == (3, [int(chosen["value"])])
    assert rejected["detail"] == "Rejected: 3. 3 verdicts of others replaced."
    assert undone["detail"] == "Undone: 3. Earlier verdicts restored: 3."
    assert (undone["processed_items"], undone["restored"]) == (3, 3)


def test_others_than_managers_undo_their_own_bulk_actions_only(house, table, act):
    made = act("reject_tasks_annotations", include_decided=True, **EVERYTHING).json()["bulk_reviews"][0]

    answer = act("undo_bulk_review", by=house.reviewer, bulk_review=made, **EVERYTHING)

    assert form(house, "undo_bulk_review", house.reviewer)[0]["options"] == []
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_bulk_review")
