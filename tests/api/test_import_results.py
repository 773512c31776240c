"""What became of an import, and predictions for tasks that are there already."""

from tests.factories import client_of


def at(house, path: str) -> str:
    return f"/api/projects/{house.project.pk}/{path}"


def test_an_import_can_be_asked_about(house):
    client = client_of(house.lead)
    made = client.post(at(house, "import?return_task_ids=1"), [{"text": "a"}]).json()
    body = client.get(at(house, f"imports/{made['import']}")).json()

    assert (body["status"], body["task_ids"]) == ("completed", made["task_ids"])
    assert client_of(house.annotator).get(at(house, f"imports/{made['import']}")).status_code == 403


def test_keys_of_predictions_that_are_not_known_are_refused(house):
    client = client_of(house.lead)
    sent = {"task": house.task.pk, "result": [], "model_run": None}

    answer = client.post(at(house, "import/predictions"), [sent | {"scores": 0.5}])

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_option")
    assert client.post(at(house, "import/predictions"), [sent]).json() == {"created": 1}


def test_predictions_are_imported_for_tasks_of_the_project_only(house):
    client = client_of(house.lead)
    good, bad = [{"task": house.task.pk, "result": [], "score": 0.5}], [{"task": 2**40, "result": []}]

    assert client.post(at(house, "import/predictions"), good).json() == {"created": 1}
    assert client.post(at(house, "import/predictions"), good + bad).json()["code"] == "unknown_task"
    house.task.refresh_from_db()
    assert house.task.total_predictions == 1
