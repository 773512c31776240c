"""What people do, by role: one function for each act, with its weight. Most acts are a few requests."""

import json
from collections.abc import Callable
from typing import Any

from .world import Person

Act = Callable[[Person], None]
ACTS: dict[str, list[tuple[int, Act]]] = {"annotator": [], "reviewer": [], "lead": [], "admin": []}
MANAGERS, REVIEWERS = ("lead", "admin"), ("reviewer", "lead")
ROLES = {"annotator": "AN", "reviewer": "RE", "lead": "MA"}
SETTINGS: list[dict[str, Any]] = [
    *({"maximum_annotations": number} for number in (1, 2, 3)),
    *({"review_settings": {"review_criteria": value}} for value in ("one", "all")),
    *({"review_settings": {"only_finished_tasks": value}} for value in (True, False, False)),
    *({"review_settings": {"review_task_limit_percent": value}} for value in (50, 100, 100)),
    *({"review_settings": {"require_comment_on_reject": value}} for value in (True, False)),
    *({"review_settings": {"sampling": value}} for value in ("task_id", "random", "by_annotator")),
    *({"review_settings": {"anonymize_annotations": value}} for value in (True, False)),
    *({"review_settings": {"show_reviewer_names": value}} for value in (True, False)),
    *({"review_settings": {"enable_review_workflow": value}} for value in (False, True, True, True)),
    *({"review_settings": {"max_rounds": value}} for value in (2, None)),
    {"title": "Letters again"},
    {"description": "What they are"},
]
LISTS = {
    "annotator": ["inbox", "inbox/counts", "inbox/waiting", "corrections", "current-user/whoami", "users"],
    "reviewer": ["inbox", "annotation-reviews", "annotation-history", "corrections", "tasks", "comments"],
    "lead": [
        "inbox",
        "webhooks",
        "jobs",
        "users",
        "projects/counts",
        "annotation-reviews?include_undone=true",
    ],
}
OF_PROJECT = {
    "annotator": ["label-stream-history", "annotators", "progress", "disputes", "editor-options"],
    "reviewer": [
        "progress",
        "disputes",
        "disputes/records",
        "label-configs",
        "members",
        "corrections/confusion",
    ],
    "lead": [
        "leases",
        "ownerless",
        "dead-ends",
        "members/paginated",
        "annotation-history",
        "roles",
        "imports/0",
    ],
}


def act(weight: int, *kinds: str) -> Callable[[Act], Act]:
    def register(function: Act) -> Act:
        for kind in kinds:
            ACTS[kind].append((weight, function))
        return function

    return register


def learn_annotation(me: Person, body: Any) -> None:
    if body:
        me.world.learn("annotations", body["id"])
        me.world.learn("tasks", body["task"])
        me.world.promise("tasks_annotation", body["id"])
        if body.get("completed_by") == me.pk:
            me.learn_own("annotations", body["id"])


# --- labelling ------------------------------------------------------------------------------------


@act(12, "annotator")
def label_the_next(me: Person) -> None:
    drawn = me.get(f"/api/projects/{me.project}/next/")
    if not drawn:
        return
    me.world.learn("tasks", drawn["id"])
    draft = me.post(f"/api/tasks/{drawn['id']}/drafts/", result=me.result()) if me.chance(0.6) else None
    if draft:
        me.learn_own("drafts", draft["id"])
        if me.chance(0.3):
            me.post("/api/comments/", draft=draft["id"], text="I am not sure")
    if me.chance(0.2) and drawn.get("unique_lock_id"):
        verb = "renew" if me.chance(0.5) else "release"
        me.post(f"/api/leases/{drawn['unique_lock_id']}/{verb}/")
    for _ in range(me.dice.randrange(3)):
        if draft:
            me.patch(f"/api/drafts/{draft['id']}/", result=me.result())
    if me.chance(0.6):
        body = {"result": me.result(), "was_cancelled": me.chance(0.1), "lead_time": 3.5}
        body |= {"draft_id": draft["id"]} if draft else {}
        learn_annotation(me, me.post(f"/api/tasks/{drawn['id']}/annotations/", **body))


@act(8, "annotator")
def save_a_draft(me: Person) -> None:
    me.patch(f"/api/drafts/{me.some('drafts')}/", result=me.result())


@act(3, "annotator")
def submit_a_draft_of_anybody(me: Person) -> None:
    pk = me.own("drafts")
    draft = me.get(f"/api/drafts/{pk}/")
    if draft and draft["annotation"]:
        learn_annotation(
            me, me.patch(f"/api/annotations/{draft['annotation']}/", result=draft["result"], draft_id=pk)
        )
    elif draft:
        path = f"/api/tasks/{draft['task']}/annotations/"
        learn_annotation(me, me.post(path, result=draft["result"], draft_id=pk))


@act(1, "annotator")
def drop_a_draft(me: Person) -> None:
    me.delete(f"/api/drafts/{me.some('drafts')}/")


@act(5, "annotator", "reviewer")
def label_any_task(me: Person) -> None:
    body: dict[str, Any] = {"result": me.result()}
    if me.chance(0.3):
        body["unique_id"] = f"00000000-0000-4000-8000-{me.dice.randrange(40):012d}"
    learn_annotation(me, me.post(f"/api/tasks/{me.some('tasks')}/annotations/", **body))


@act(7, "annotator")
@act(2, "reviewer", "lead")
def edit_an_annotation(me: Person) -> None:
    pk = me.own("annotations")
    body: dict[str, Any] = {"result": me.result()}
    if me.chance(0.2):
        body = {"was_cancelled": me.chance(0.5)}
    if me.chance(0.2) and me.kind != "annotator":
        body["ground_truth"] = me.chance(0.5)
    if me.chance(0.3) and (now := me.get(f"/api/annotations/{pk}/")):
        body["last_annotation_history"] = now["last_annotation_history"]
    me.patch(f"/api/annotations/{pk}/", **body)


@act(3, "annotator")
def draft_on_an_annotation(me: Person) -> None:
    pk = me.own("annotations")
    if now := me.get(f"/api/annotations/{pk}/"):
        draft = me.post(f"/api/tasks/{now['task']}/annotations/{pk}/drafts/", result=me.result())
        me.learn_own("drafts", draft and draft["id"])


@act(2, "annotator")
@act(1, "lead")
def delete_an_annotation(me: Person) -> None:
    me.delete(f"/api/annotations/{me.own('annotations')}/")


@act(2, "annotator")
@act(1, "reviewer")
def convert_to_draft(me: Person) -> None:
    draft = me.post(f"/api/annotations/{me.own('annotations')}/convert-to-draft/")
    me.learn_own("drafts", draft and draft["id"])


@act(3, "annotator")
def contest(me: Person) -> None:
    found = me.get("/api/annotations/", completed_by=me.pk, last_action="rejected", page_size=5)
    rows = [row["id"] for row in (found or {}).get("results", [])] or [me.own("annotations")]
    me.post(f"/api/annotations/{me.dice.choice(rows)}/contest/", reason="It is an A")


@act(2, "annotator")
def acknowledge(me: Person) -> None:
    found = me.get("/api/corrections/")
    rows = found if isinstance(found, list) else (found or {}).get("results", [])
    for row in rows[:2]:
        me.post(f"/api/corrections/{row['id']}/acknowledge/")
    me.post(f"/api/projects/{me.project}/corrections/acknowledge/")


# --- comments -------------------------------------------------------------------------------------


@act(5, "annotator", "reviewer", "lead")
def comment(me: Person) -> None:
    body = me.post("/api/comments/", annotation=me.some("annotations"), text="Look at the edge")
    me.world.learn("comments", body and body["id"])
    if body:
        me.world.promise("reviews_comment", body["id"])


@act(5, "annotator", "reviewer", "lead")
def change_a_comment(me: Person) -> None:
    path = f"/api/comments/{me.some('comments')}/"
    if me.chance(0.25):
        me.delete(path)
    elif me.chance(0.5):
        me.patch(path, is_resolved=me.chance(0.7))
    else:
        me.patch(path, text="Look at the other edge")


# --- reviewing ------------------------------------------------------------------------------------


def decide(me: Person, pk: int) -> None:
    number, path = me.dice.random(), f"/api/annotations/{pk}/"
    if number < 0.4:
        body = me.post(path + "accept/", comment="")
    elif number < 0.75:
        outcome = me.dice.choice(["requeue", "requeue", "remove", "redistribute"])
        body = me.post(path + "reject/", comment="No", reject_action=outcome)
    else:
        body = me.post(path + "fix-and-accept/", result=me.result())
    if body:
        learn_annotation(me, body)
        me.world.learn("reviews", body["review"]["id"])
        me.world.promise("reviews_review", body["review"]["id"])


@act(14, "reviewer")
@act(2, "lead")
def review_the_next(me: Person) -> None:
    params: dict[str, Any] = (
        {"queue": me.dice.choice(["review", "disputes", "rejected"])} if me.chance(0.3) else {}
    )
    if me.chance(0.2):
        params["task"] = me.some("tasks")
    item = me.get(f"/api/projects/{me.project}/review-queue/next/", **params)
    if not item or not item.get("annotation"):
        return
    learn_annotation(me, item["annotation"])
    if item.get("lease") and me.chance(0.3):
        me.post(f"/api/leases/{item['lease']['id']}/{'renew' if me.chance(0.6) else 'release'}/")
    if me.chance(0.85):
        decide(me, item["annotation"]["id"])


@act(6, "reviewer")
@act(2, "lead")
@act(1, "annotator")
def review_any(me: Person) -> None:
    decide(me, me.some("annotations"))


@act(4, "reviewer")
def review_in_the_dialect(me: Person) -> None:
    body: dict[str, Any] = {
        "annotation": me.some("annotations"),
        "accepted": me.chance(0.5),
        "comment": "Yes or no",
    }
    if me.chance(0.3):
        body["result"] = me.result()
    review = me.post("/api/annotation-reviews/", **body)
    if review:
        me.world.learn("reviews", review["id"])
        me.world.promise("reviews_review", review["id"])


@act(6, "reviewer")
@act(1, "lead")
def change_a_review(me: Person) -> None:
    path = f"/api/annotation-reviews/{me.some('reviews')}/"
    if me.chance(0.6):
        me.delete(path)
    else:
        me.patch(path, accepted=me.chance(0.5), comment="On second thought")


@act(3, "reviewer", "lead")
def reopen(me: Person) -> None:
    path = f"/api/annotations/{me.some('annotations')}/reopen/"
    if me.chance(0.3):
        me.delete(path)
    else:
        me.post(path, to=me.dice.choice(["author", "anyone"]), comment="New guideline")


@act(3, "reviewer", "lead")
def decide_in_bulk(me: Person) -> None:
    found = me.get("/api/annotations/", project=me.project, page_size=20, page=me.dice.choice([1, 1, 2]))
    rows = [row["id"] for row in (found or {}).get("results", [])]
    if not rows:
        return
    body: dict[str, Any] = {"action": me.dice.choice(["accept", "reject", "undo", "reopen"])}
    if me.chance(0.3):
        body["include_decided"] = True
    done = me.post(
        "/api/annotations/bulk-review/", annotations=me.dice.sample(rows, min(8, len(rows))), **body
    )
    me.world.learn("bulks", done and done.get("id"))


@act(2, "reviewer", "lead")
def undo_a_bulk(me: Person) -> None:
    me.post(f"/api/bulk-reviews/{me.some('bulks')}/undo/")


@act(3, "reviewer")
def pick_an_answer(me: Person) -> None:
    found = me.get("/api/tasks/", project=me.project, final_state="conflict", page_size=10)
    tasks = [row["id"] for row in (found or {}).get("tasks", [])] or [me.some("tasks")]
    task = me.dice.choice(tasks)
    if me.chance(0.3):
        me.delete(f"/api/tasks/{task}/final/")
    elif rows := me.get(f"/api/tasks/{task}/annotations/"):
        me.post(f"/api/tasks/{task}/final/", annotation=me.dice.choice(rows)["id"])


@act(6, "annotator", "reviewer", "lead")
def look_around(me: Person) -> None:
    me.get(f"/api/{me.dice.choice(LISTS[me.kind])}".replace("?", "/?", 1))
    me.get(f"/api/projects/{me.project}/{me.dice.choice(OF_PROJECT[me.kind])}/")
    me.get(f"/api/annotations/{me.some('annotations')}/{me.dice.choice(['', 'changes/', 'corrections/'])}")
    me.get(f"/api/tasks/{me.some('tasks')}/{me.dice.choice(['', 'annotations/', 'drafts/'])}")


# --- the data manager -----------------------------------------------------------------------------


@act(3, "reviewer", "lead")
def use_the_data_manager(me: Person) -> None:
    project = me.project
    me.get("/api/dm/views/", project=project)
    me.get("/api/dm/columns/", project=project)
    selected = {"all": False, "included": [me.some("tasks") or 1 for _ in range(4)]}
    action = me.dice.choice(
        [
            "accept_tasks_annotations",
            "reject_tasks_annotations",
            "reopen_tasks_annotations",
            "delete_tasks_reviews",
        ]
        + ["assign_annotators", "unassign_annotators", "delete_tasks_predictions", "propagate_annotations"]
    )
    body = {"selectedItems": selected, "comment": "All of them", "users": [me.somebody("annotator")["id"]]}
    me.call("POST", "/api/dm/actions/", params={"id": action, "project": project}, json=body)


@act(3, "reviewer", "lead")
def use_a_tab(me: Person) -> None:
    path, number = f"/api/dm/views/{me.some('views')}/", me.dice.random()
    if number < 0.3:
        view = me.call("POST", "/api/dm/views/", json={"project": me.project, "data": {"title": "Mine"}})
        me.world.learn("views", view and view["id"])
    elif number < 0.6:
        me.patch(path, project=me.project, data={"title": "Yours", "ordering": ["-tasks:id"]})
    elif number < 0.8:
        me.patch(path + "selected-items/", all=False, included=[me.some("tasks") or 1])
    else:
        me.delete(path)


# --- leading --------------------------------------------------------------------------------------


@act(4, "lead")
def add_tasks(me: Person) -> None:
    body = {"project": me.project, "data": {"text": "One more"}}
    if me.chance(0.3):
        body["unique_id"] = f"10000000-0000-4000-8000-{me.dice.randrange(40):012d}"
    task = me.post("/api/tasks/", **body)
    me.world.learn("tasks", task and task["id"])


@act(2, "lead")
def import_a_file(me: Person) -> None:
    rows = [imported_row(me, number) for number in range(me.dice.randrange(1, 12))]
    path = f"/api/projects/{me.project}/import/"
    done = me.call("POST", path, params={"return_task_ids": "true"}, json=rows)
    for pk in (done or {}).get("task_ids") or []:
        me.world.learn("tasks", pk)
    me.world.learn("imports", (done or {}).get("import"))


def imported_row(me: Person, number: int) -> dict[str, Any]:
    work: dict[str, Any] = {"result": me.result(), "completed_by": 900 + me.dice.randrange(3)}
    if me.chance(0.5):
        work["reviews"] = [
            {"accepted": me.chance(0.5), "created_by": {"email": me.somebody("reviewer")["email"]}}
        ]
    return {
        "data": {"text": f"Imported {number}"},
        "annotations": [work] if me.chance(0.7) else [],
        "predictions": [{"result": me.result(), "score": me.dice.random()}],
    }


@act(1, "lead")
def take_an_import_back(me: Person) -> None:
    path = f"/api/imports/{me.some('imports')}/"
    me.get(path)
    if me.chance(0.3):
        me.delete(path)


@act(3, "lead")
def predict(me: Person) -> None:
    if me.chance(0.5):
        body = me.post("/api/predictions/", task=me.some("tasks"), result=me.result(), score=me.dice.random())
        me.world.learn("predictions", body and body["id"])
    elif me.chance(0.7):
        me.patch(f"/api/predictions/{me.some('predictions')}/", score=me.dice.random())
    else:
        me.delete(f"/api/predictions/{me.some('predictions')}/")


@act(3, "lead")
def change_a_task(me: Person) -> None:
    data = {"text": f"Changed {me.dice.random()}"}
    change: dict[str, Any] = me.dice.choice([{"data": data}, {"overlap": 2}, {"meta": {"a": 1}}])
    me.patch(f"/api/tasks/{me.some('tasks')}/", **change)


@act(3, "lead")
def delete_or_restore(me: Person) -> None:
    kind = me.dice.choice(["tasks", "annotations"])
    path = f"/api/{kind}/{me.some(kind)}/"
    if me.chance(0.3) and me.delete(path) is not None:
        me.world.learn(f"deleted {kind}", int(path.split("/")[3]))
    elif pk := me.some(f"deleted {kind}"):
        me.post(f"/api/{kind}/{pk}/restore/")


@act(3, "lead")
def close_or_open(me: Person) -> None:
    path = f"/api/tasks/{me.some('tasks')}/close/"
    if me.chance(0.4):
        me.post(path, because="It is broken")
    else:
        me.delete(path)


@act(3, "lead")
def change_settings(me: Person) -> None:
    me.patch(f"/api/projects/{me.project}/", **me.dice.choice(SETTINGS))


@act(3, "lead")
def change_the_members(me: Person) -> None:
    path, person = f"/api/projects/{me.project}/members/", me.somebody("annotator", "reviewer", "lead")
    number = me.dice.random()
    if number < 0.3:
        me.patch(path, user=person["id"], paused=me.chance(0.5))
    elif number < 0.5:
        me.post(path, user=person["id"], role=me.dice.choice(list(ROLES.values())))
    elif number < 0.65:
        me.delete(path, user=person["id"])
    elif me.chance(0.5):
        to = {"to": me.somebody("annotator")["id"]} if me.chance(0.5) else {"pool": True}
        me.post(f"/api/projects/{me.project}/reassign/", **{"from": person["id"]}, **to)
    else:
        back_to_normal(me)


@act(12, "admin")
def back_to_normal(me: Person) -> None:
    """Everybody has their role again, or there would soon be nobody left to do anything."""
    path, person = f"/api/projects/{me.project}/members/", me.somebody("annotator", "reviewer", "lead")
    me.post(path, user=person["id"], role=ROLES[person["kind"]])
    me.patch(path, user=person["id"], paused=False)


@act(3, "lead")
def assign(me: Person) -> None:
    kind = me.dice.choice(["AN", "RE"])
    body: dict[str, Any] = {
        "type": kind,
        "users": [me.somebody("annotator" if kind == "AN" else "reviewer")["id"]],
    }
    path = f"/api/projects/{me.project}/tasks/{me.some('tasks')}/assignees/"
    me.call(me.dice.choice(["POST", "POST", "PATCH", "DELETE"]), path, json=body)
    if me.chance(0.2):
        body["selectedItems"] = {"all": True}
        me.post(f"/api/projects/{me.project}/tasks/assignees/", **body)


@act(2, "lead")
def leave_a_dead_end(me: Person) -> None:
    found = me.get(f"/api/projects/{me.project}/dead-ends/")
    rows = (found or {}).get("results", []) if isinstance(found, dict) else found or []
    if rows:
        row = me.dice.choice(rows)
        action = me.dice.choice(row.get("actions") or ["close"])
        name = action if isinstance(action, str) else action.get("action", "close")
        body = {"reason": row.get("reason"), "action": name, "because": "Nobody can"}
        me.post(f"/api/tasks/{row['task']}/dead-end/", **body, to=me.somebody("reviewer")["id"])


@act(2, "lead")
def release_somebodys_lease(me: Person) -> None:
    found = me.get(f"/api/projects/{me.project}/leases/")
    for row in (found or {}).get("results", [])[:1]:
        me.post(f"/api/leases/{row['id']}/{me.dice.choice(['release', 'renew'])}/")


@act(3, "lead")
def use_webhooks(me: Person) -> None:
    pk, number = me.some("webhooks"), me.dice.random()
    if not pk or number < 0.2:
        found = me.get("/api/webhooks/", project=me.project) or []
        for row in found:
            me.world.learn("webhooks", row["id"])
            me.world.learn("hook urls", row["id"])
        if found and len(found) < 4:
            hook = me.post("/api/webhooks/", project=me.project, url=found[0]["url"])
            me.world.learn("webhooks", hook and hook["id"])
    elif number < 0.5:
        me.patch(f"/api/webhooks/{pk}/", is_active=me.chance(0.8), send_payload=me.chance(0.8))
    elif number < 0.9:
        me.post(f"/api/webhooks/{pk}/{me.dice.choice(['ping', 'rotate', 'enable', 'replay'])}/")
    else:
        me.delete(f"/api/webhooks/{pk}/")


@act(3, "lead", "admin")
def export(me: Person) -> None:
    project, options = (
        me.project,
        me.dice.choice([{}, {"only": "final"}, {"reviewed": "only"}, {"download_all_tasks": "true"}]),
    )
    if me.chance(0.5):
        me.get(
            f"/api/projects/{project}/export/",
            exportType=me.dice.choice(["JSON", "CSV", "JSON_MIN"]),
            **options,
        )
    elif me.chance(0.5):
        kept = me.post(f"/api/projects/{project}/exports/", title="Kept")
        me.world.learn("exports", kept and kept["id"])
    else:
        path = f"/api/projects/{project}/exports/{me.some('exports')}/"
        me.get(path if me.chance(0.5) else path + "download/")
        if me.chance(0.3):
            me.delete(path)


@act(6, "admin")
@act(2, "lead")
def read_the_events(me: Person) -> None:
    """Positions only ever rise, page after page."""
    after, last = me.some("positions"), 0
    page = me.get("/api/events/", after=after, limit=200) or {"results": []}
    positions = [row["position"] for row in page["results"]]
    if positions != sorted(set(positions)) or (positions and positions[0] <= after):
        me.world.fail(
            request="GET /api/events/", error=f"positions after {after}: {json.dumps(positions)[:300]}"
        )
    for last in positions[-1:]:
        me.world.learn("positions", last)


@act(2, "admin", "lead")
def merge_a_placeholder(me: Person) -> None:
    found = me.get("/api/users/") or []
    rows = found if isinstance(found, list) else found.get("results", [])
    placeholders = [row["id"] for row in rows if str(row.get("email", "")).endswith("placeholder.invalid")]
    if placeholders and me.chance(0.4):
        into = me.somebody("annotator", "reviewer")["id"]
        me.post(f"/api/users/{me.dice.choice(placeholders)}/merge/", into=into)


@act(1, "admin")
def project_comes_and_goes(me: Person) -> None:
    body = me.post("/api/projects/", title="Short", label_config="<View></View>")
    if body:
        path = f"/api/projects/{body['id']}/"
        me.post("/api/tasks/", project=body["id"], data={"text": "A"})
        me.delete(path)
        me.post(path + "restore/")
        me.delete(path)


@act(2, "admin")
def look_at_everything(me: Person) -> None:
    for path in ("/api/users/", "/api/projects/", "/api/webhooks/", "/api/jobs/", "/api/tasks/?page_size=20"):
        me.get(path)
    me.get(f"/api/projects/{me.project}/annotation-history/", page_size=50)
