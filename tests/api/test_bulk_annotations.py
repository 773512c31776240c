"""One annotation for many tasks, and many annotations deleted."""

from tests.factories import annotation, client_of, task


def test_one_result_for_many_tasks_and_many_deleted(house):
    others = [task(house.project) for _ in range(2)]
    client = client_of(house.annotator)
    made = client.post("/api/annotations/bulk/", {"tasks": [one.pk for one in others], "result": []})
    ids = [row["id"] for row in made.json()]
    gone = client.post("/api/annotations/bulk-delete/", {"ids": ids, "project": house.project.pk})

    assert (made.status_code, len(ids)) == (201, 2)
    assert gone.json() == {"deleted_count": 2}


def test_bulk_annotations_go_to_all_tasks_or_to_none(house):
    elsewhere = client_of(house.annotator).post(
        "/api/annotations/bulk/", {"tasks": [house.task.pk, 2**40], "result": []}
    )

    assert elsewhere.status_code == 400
    assert house.task.annotations.count() == 1


def test_nobody_deletes_somebody_elses_work_in_bulk(house):
    theirs = annotation(house.task, house.annotator2)
    body = {"ids": [house.annotation.pk, theirs.pk], "project": house.project.pk}
    answer = client_of(house.annotator).post("/api/annotations/bulk-delete/", body)
    theirs.refresh_from_db()

    assert answer.json() == {"deleted_count": 1}
    assert theirs.deleted_at is None
