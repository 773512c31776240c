"""Which columns the table has, and for whom."""

from tests.factories import BOXES, client_of, project, task

LABEL_STUDIO = [
    "id", "inner_id", "completed_at", "total_annotations", "cancelled_annotations", "total_predictions",
    "annotators", "annotations_results", "annotations_ids", "predictions_score",
    "predictions_model_versions", "predictions_results", "file_upload", "storage_filename",
    "created_at", "updated_at", "updated_by", "avg_lead_time", "draft_exists", "data",
]  # fmt: skip
REVIEWS = [
    "reviewed",
    "reviewers",
    "reviews_accepted",
    "reviews_rejected",
    "reviewed_at",
    "final_state",
    "comment_count",
]
TYPES = {
    "String", "Number", "Boolean", "Datetime", "List", "Image", "Audio", "Video",
    "Text", "HyperText", "TimeSeries", "Time", "Unknown",
}  # fmt: skip


def columns_of(user, of) -> list[dict]:
    return client_of(user).get(f"/api/dm/columns?project={of.pk}").json()["columns"]


def test_columns_are_label_studios_and_then_the_review_columns(house):
    columns = columns_of(house.reviewer, house.project)

    assert [c["id"] for c in columns] == ["text", *LABEL_STUDIO, *REVIEWS, "unresolved_comment_count"]
    assert {c["type"] for c in columns} <= TYPES
    assert all(
        c["target"] == "tasks" and set(c["visibility_defaults"]) == {"explore", "labeling"} for c in columns
    )


def test_data_columns_come_from_the_label_configuration_and_from_the_tasks(house):
    pictures = project(lead=house.admin, label_config=BOXES)
    task(pictures, image="/a.png", camera="north")

    columns = columns_of(house.admin, pictures)

    assert [(c["id"], c["type"], c["parent"]) for c in columns if c.get("parent")] == [
        ("image", "Image", "data"),
        ("camera", "Unknown", "data"),
    ]
    assert next(c["children"] for c in columns if c["id"] == "data") == ["image", "camera"]


def test_people_of_a_list_are_all_in_the_list_of_users(house):
    people = next(
        c["schema"]["items"] for c in columns_of(house.reviewer, house.project) if c["id"] == "annotators"
    )

    known = {person["id"] for person in client_of(house.reviewer).get("/api/users/").json()}

    assert {house.annotator.pk, house.reviewer2.pk} <= set(people) <= known


def test_annotator_sees_only_rejects_of_the_review_columns(house):
    shown = {c["id"] for c in columns_of(house.annotator, house.project)}

    assert shown & {*REVIEWS, "annotators", "unresolved_comment_count"} == {"reviews_rejected"}
