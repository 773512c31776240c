"""In a project with `anonymize_annotations` no answer to a reviewer names anybody but themselves."""

import re

import pytest
from django.test import Client

from jobs import runner
from tasks.services import projects
from tests import checked
from tests.factories import PASSWORD, client_of, result
from tests.routes import understood

from .house import by_people, people_named

FORMATS = ("JSON", "JSONL", "JSON_MIN", "CSV", "TSV")
# Documented GETs that no value is given for below, and why they need none.
UNASKED = {
    "/api/imports/{id}/": "imports are the managers'",
    "/api/projects/{id}/imports/{import_pk}/": "imports are the managers'",
    "/api/import/file-upload/{id}/": "whose file it was is told by a pseudonym",
    "/data/upload/{project}/{name}": "a file is what was uploaded",
    "/api/webhook-deliveries/{id}/": "webhooks are the managers'",
    "/api/webhooks/{id}/": "webhooks are the managers'",
    "/api/webhooks/{id}/deliveries/": "webhooks are the managers'",
}


def values_of(house) -> dict[str, object]:
    """What stands for the parameter behind a path."""
    job = runner.create("import_tasks", created_by=house.reviewer, project_id=house.project.pk)
    export = client_of(house.reviewer).post(f"/api/projects/{house.project.pk}/exports/", {}).json()
    return {
        "/api/annotation-history/": house.annotation.current_version_id,
        "/api/annotation-reviews/": house.fix.pk,
        "/api/annotations/": house.annotation.pk,
        "/api/comments/": house.comment.pk,
        "/api/dm/actions/": "reject_tasks_annotations",
        "/api/dm/views/": house.tab.pk,
        "/api/drafts/": house.draft.pk,
        "/api/jobs/": job.pk,
        "/api/predictions/": house.prediction.pk,
        "/api/projects/": house.project.pk,
        f"/api/projects/{house.project.pk}/exports/": export["id"],
        f"/api/projects/{house.project.pk}/label-configs/": house.project.label_configs.latest("pk").pk,
        f"/api/projects/{house.project.pk}/tasks/": house.task.pk,
        "/api/tasks/": house.task.pk,
        f"/api/tasks/{house.task.pk}/annotations/": house.annotation.pk,
        "/api/users/": house.reviewer.pk,
    }


def documented_gets(house):
    """(path, address) of every GET of the OpenAPI document; the address is None where a value is missing."""
    known = values_of(house)
    for path, operations in checked.document()["paths"].items():
        if "get" not in operations:
            continue
        address = path
        while "{" in address and (value := known.get(address.partition("{")[0])):
            address = re.sub(r"{\w+}", str(value), address, count=1)
        yield path, None if "{" in address else address


@pytest.mark.slow  # tests/reviewsite/visibility asks every address, of fewer shapes of data
def test_no_documented_get_names_anybody_but_the_reader(house):
    addresses = dict(documented_gets(house))

    assert walked(house, addresses, house.reviewer) == {}
    assert {path for path, address in addresses.items() if address is None} == UNASKED.keys()
    # So that it is not the walk that sees nothing.
    assert len(walked(house, addresses, house.lead)) >= 20


def walked(house, addresses, reader) -> dict[str, set[str]]:
    """Path → who is named in its answers, where somebody is."""
    client, named = client_of(reader), {}
    for path, address in addresses.items():
        if address:
            answers = answers_of(client, f"{address}?project={house.project.pk}")
            found = set().union(*(people_named(answer, reader) for answer in answers))
            named |= {path: found} if found else {}
    return named


def answers_of(client, address: str) -> list:
    more = "&fields=all&expand_created_by=true&include_undone=true&screen=review"
    return [client.get(understood(address)), client.get(understood(address + more)), client.options(address)]


def test_no_list_of_the_table_names_anybody(house):
    client, about = client_of(house.reviewer), f"project={house.project.pk}"
    addresses = [
        f"/api/tasks/?view={house.tab.pk}",
        f"/api/tasks/?{about}&query=%7B%7D",
        f"/api/tasks/?{about}&review=true",
        f"/api/comments/?annotation={house.annotation.pk}&expand_created_by=1",
        f"/api/users/?after_id={house.reviewer.pk}",
        "/api/users/?limit=100",
        "/api/users/?page=1",
        *(f"/api/dm/actions/{name}/form/?{about}" for name in ("assign_annotators", "assign_reviewers")),
    ]

    assert {
        address: found
        for address in addresses
        if (found := people_named(client.get(address), house.reviewer))
    } == {}


@pytest.mark.parametrize("export_type", FORMATS)
def test_export_and_snapshot_name_nobody(house, export_type):
    client, at = client_of(house.reviewer), f"/api/projects/{house.project.pk}"
    options = {"serialization_options": {"annotations__completed_by": {"only_id": False}}}
    kept = client.post(f"{at}/exports/", options, format="json").json()
    if export_type != "JSON":
        client.post(f"{at}/exports/{kept['id']}/convert/", {"export_type": export_type})

    export = client.get(f"{at}/export?exportType={export_type}&download_all_tasks=true")
    snapshot = client.get(f"{at}/exports/{kept['id']}/download?exportType={export_type}")

    assert (export.status_code, snapshot.status_code, kept["anonymized"]) == (200, 200, True)
    assert people_named(export, house.reviewer) == people_named(snapshot, house.reviewer) == set()


def test_snapshot_of_others_or_of_before_is_not_there_for_a_reviewer(house):
    at = f"/api/projects/{house.project.pk}/exports/"
    of_lead, of_colleague = (client_of(one).post(at, {}).json() for one in (house.lead, house.reviewer2))
    projects.update(house.project, {"anonymize_annotations": False}, actor=house.lead)
    of_before = client_of(house.reviewer).post(at, {}).json()
    projects.update(house.project, {"anonymize_annotations": True}, actor=house.lead)
    client = client_of(house.reviewer)

    answers = {
        client.get(f"{at}{kept['id']}/download").status_code for kept in (of_lead, of_colleague, of_before)
    }

    assert answers == {404}
    assert client.get(at).json() == []
    assert len(client_of(house.lead).get(at).json()) == 3


def test_no_answer_to_a_write_names_anybody(house):
    client, table = client_of(house.reviewer), f"project={house.project.pk}"
    some = {"selectedItems": {"all": False, "included": [house.task.pk]}}
    waiting, fixed = f"/api/annotations/{house.waiting.pk}", f"/api/annotations/{house.annotation.pk}"
    writes = [
        ("post", f"{waiting}/accept/", {}),
        ("post", f"{waiting}/reject/", {"comment": "No"}),
        ("post", f"{waiting}/fix-and-accept/", {"result": result("C")}),
        ("post", f"{fixed}/reopen/", {}),
        ("delete", f"{fixed}/reopen/", None),
        ("patch", fixed + "/", {"result": result("B")}),
        ("patch", fixed + "/?stale", {"result": result("A"), "last_annotation_history": 1}),
        ("post", "/api/annotation-reviews/", {"annotation": house.of_reviewer2.pk, "accepted": True}),
        ("patch", f"/api/annotation-reviews/{house.own_verdict.pk}/", {"accepted": True}),
        ("post", "/api/annotations/bulk-review/", {"action": "accept", "annotations": [house.annotation.pk]}),
        ("post", "/api/comments/?expand_created_by=true", {"annotation": house.annotation.pk, "text": "So?"}),
        ("patch", f"/api/comments/{house.comment.pk}/?expand_created_by=true", {"is_resolved": True}),
        ("post", f"/api/dm/actions/?id=accept_tasks_annotations&{table}", some),
        ("post", f"/api/dm/actions/?id=next_task&{table}", {}),
        (
            "post",
            f"/api/tasks/{house.task.pk}/annotations/",
            {"result": result(), "completed_by": house.annotator.pk},
        ),
        ("patch", f"/api/dm/views/{house.tab.pk}/", {"data": by_people(house.annotator.pk)}),
        ("post", f"/api/projects/{house.project.pk}/members/", {"user": house.stranger.pk}),
        (
            "post",
            "/api/projects/roles/",
            {"project": house.project.pk, "user": house.annotator.pk, "role": "MA"},
        ),
    ]

    answers = {(verb, url): getattr(client, verb)(url, body, format="json") for verb, url, body in writes}

    assert {
        at: found for at, answer in answers.items() if (found := people_named(answer, house.reviewer))
    } == {}
    stale = client.patch(f"{waiting}/", {"result": result("B")}, format="json", HTTP_IF_MATCH='"1"')
    assert (stale.status_code, people_named(stale, house.reviewer), "current" in stale.json()) == (
        412,
        set(),
        True,
    )
    assert sum(answer.status_code < 300 for answer in answers.values()) >= 14


def test_admin_and_pages_name_nobody_to_a_reviewer(house):
    client = Client()
    client.login(username=house.reviewer.email, password=PASSWORD)
    owner = Client()
    owner.login(username=house.admin.email, password=PASSWORD)
    lists = re.findall(r'href="(/admin/\w+/\w+/)"', owner.get("/admin/").content.decode())
    rows = [
        f"/admin/tasks/annotation/{house.annotation.pk}/change/",
        f"/admin/reviews/review/{house.fix.pk}/change/",
    ]
    addresses = ["/", "/admin/", "/accounts/profile/", "/label-studio/", *lists, *rows]

    assert len(lists) > 15
    assert house.annotator.email in people_named(owner.get("/admin/tasks/annotation/"), house.reviewer)
    assert {at: found for at in addresses if (found := people_named(client.get(at), house.reviewer))} == {}
