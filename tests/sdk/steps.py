"""The walk, resource by resource."""

# ruff: noqa: E731  (a call and what is expected of it, each in a line)
import json
from typing import Any

import httpx
from calls import Failed, Walk
from label_studio_sdk import LabelStudio

ORDER = (
    "users tokens projects imports task_calls annotations annotation_history predictions drafts comments "
    "annotation_reviews filtered members exports snapshots views actions webhooks end"
)
CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="letter" toName="text"><Choice value="A"/>'
    '<Choice value="B"/></Choices></View>'
)


def choice(letter: str) -> list[dict[str, Any]]:
    return [
        {
            "id": "r1",
            "from_name": "letter",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [letter]},
        }
    ]


def letters(pieces: Any) -> bytes:
    return b"".join(pieces)


class Steps:
    """The walk over one site, with one client. Each method is one resource."""

    def __init__(self, walk: Walk, ls: LabelStudio) -> None:
        self.walk, self.say, self.ls = walk, walk.say, ls

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """What the SDK has no method for, through its own connection."""
        return self.ls._client_wrapper.httpx_client.request(path, method=method, **options)

    def json(self, method: str, path: str, **options: Any) -> Any:
        response = self.ask(method, path, **options)
        if response.status_code >= 400:
            raise Failed(f"{response.status_code} {response.text[:200]}")
        return response.json() if response.content else response.status_code

    def users(self) -> None:
        me = self.say("users.whoami", self.ls.users.whoami)
        self.me = me.id
        self.say("users.list", self.ls.users.list, lambda people: self.me in [person.id for person in people])
        self.say("users.get", lambda: self.ls.users.get(self.me), lambda person: person.email == me.email)
        self.say(
            "users.get_current_user", self.ls.users.get_current_user, lambda person: person.id == self.me
        )
        rename = lambda: self.ls.users.update_current_user(first_name=me.first_name)
        self.say("users.update_current_user", rename, lambda person: person.first_name == me.first_name)
        self.say("versions.get", self.ls.versions.get, lambda version: version.release)

    def tokens(self) -> None:
        made = self.say("tokens.create", self.ls.tokens.create)
        self.say("tokens.list", self.ls.tokens.list, lambda tokens: len(tokens) >= 1)
        self.say(
            "tokens.refresh",
            lambda: self.ls.tokens.refresh(refresh=made.token),
            lambda pair: pair.access.count(".") == 2,
        )
        turned = self.say("tokens.rotate", lambda: self.ls.tokens.rotate(refresh=made.token))
        with_new = LabelStudio(base_url=self.ls._client_wrapper.get_base_url(), api_key=turned.refresh)
        self.say("users.whoami (rotated token)", with_new.users.whoami, lambda person: person.id == self.me)
        self.say("tokens.blacklist", lambda: self.ls.tokens.blacklist(refresh=turned.refresh))
        self.say(
            "tokens.refresh (blacklisted: 401)",
            lambda: self.walk._refusal(lambda: with_new.tokens.refresh(refresh=turned.refresh)),
            lambda status: status == 401,
        )

    def projects(self) -> None:
        ls = self.ls.projects
        made = self.say("projects.create", lambda: ls.create(title="SDK walk", label_config=CONFIG))
        self.project = made.id
        self.say(
            "projects.list (pager, 1 on a page)",
            lambda: list(ls.list(page_size=1)),
            lambda found: len(found) >= 1,
        )
        self.say("projects.get", lambda: ls.get(self.project), lambda project: project.title == "SDK walk")
        self.say(
            "projects.get().get_label_interface", lambda: ls.get(self.project).get_label_interface().controls
        )
        nested = {"require_comment_on_reject": False, "allow_self_review": True, "review_criteria": "all"}
        self.say(
            "projects.update (nested review_settings)",
            lambda: ls.update(self.project, title="SDK walk, changed", review_settings=nested),
            lambda project: (
                project.review_settings.review_criteria == "all" and project.title == "SDK walk, changed"
            ),
        )
        self.say(
            "projects.validate_label_config",
            lambda: ls.validate_label_config(self.project, label_config=CONFIG),
        )
        self.say("projects.list_counts", ls.list_counts, lambda found: found.results[0].id == self.project)
        self.walk.refused(
            "projects.create without a title", 400, lambda: ls.create(title="", label_config=CONFIG)
        )
        self.walk.refused("projects.get of none", 404, lambda: ls.get(2**40))

    def imports(self) -> None:
        rows = [{"text": "one"}, {"text": "=two"}, {"data": {"text": "three"}}]
        got = self.say(
            "projects.import_tasks (return_task_ids)",
            lambda: self.ls.projects.import_tasks(self.project, request=rows, return_task_ids=True),
            lambda answer: len(answer.task_ids) == 3,
        )
        self.tasks = got.task_ids
        status = lambda: self.ls.tasks.create_many_status(self.project, got.import_)
        self.say(
            "tasks.create_many_status",
            status,
            lambda found: found.status == "completed" and found.task_ids == self.tasks,
        )

    def task_calls(self) -> None:
        ls, first = self.ls.tasks, self.tasks[0]
        everything = lambda: list(ls.list(project=self.project, fields="all", page_size=2))
        self.say("tasks.list (fields=all, pager)", everything, lambda found: len(found) == 3)
        made = self.say("tasks.create", lambda: ls.create(project=self.project, data={"text": "four"}))
        self.say("tasks.get", lambda: ls.get(str(first)), lambda task: task.id == first)
        update = lambda: ls.update(str(first), data={"text": "one, changed"})
        self.say("tasks.update", update, lambda task: task.data["text"] == "one, changed")
        self.say("tasks.delete", lambda: ls.delete(str(made.id)))
        self.walk.refused("tasks.get of a deleted one", 404, lambda: ls.get(str(made.id)))
        self.walk.refused(
            "tasks.create without data", 400, lambda: ls.create(project=self.project, data=None)
        )

    def filtered(self) -> None:
        wanted = {
            "filter": "filter:tasks:reviews_rejected",
            "operator": "greater",
            "type": "Number",
            "value": 0,
        }
        query = json.dumps({"filters": {"conjunction": "and", "items": [wanted]}})
        self.say(
            "tasks.list (filter on reviews_rejected)",
            lambda: list(self.ls.tasks.list(project=self.project, fields="all", query=query)),
            lambda found: [task.id for task in found] == [self.tasks[1]],
        )
        self.say(
            "tasks.list (only_annotated)",
            lambda: list(self.ls.tasks.list(project=self.project, only_annotated=True)),
            lambda found: sorted(task.id for task in found) == sorted(self.tasks[:2]),
        )

    def annotations(self) -> None:
        ls, first = self.ls.annotations, self.tasks[0]
        made = self.say("annotations.create", lambda: ls.create(first, result=choice("A"), lead_time=2.5))
        self.annotation = made.id
        self.say(
            "annotations.list",
            lambda: ls.list(first),
            lambda found: [a.id for a in found] == [self.annotation],
        )
        self.say("annotations.get", lambda: ls.get(self.annotation), lambda a: a.completed_by == self.me)
        update = lambda: ls.update(self.annotation, result=choice("B"))
        self.say(
            "annotations.update", update, lambda a: a.last_action == "updated" and a.result == choice("B")
        )
        again = self.say(
            "annotations.create (a second one)", lambda: ls.create(first, result=[], was_cancelled=True)
        )
        self.say("annotations.delete", lambda: ls.delete(again.id))
        bulk = lambda: ls.create_bulk(tasks=self.tasks[1:], result=choice("A"))
        many = self.say("annotations.create_bulk", bulk, lambda found: len(found) == 2)
        self.rejected = many[0].id
        remove = lambda: ls.delete_bulk(ids=[many[1].id], project=self.project)
        self.say("annotations.delete_bulk", remove, lambda answer: answer.deleted_count == 1)
        self.walk.refused("annotations.get of none", 404, lambda: ls.get(2**40))
        self.walk.refused(
            "annotations.create with a broken result", 400, lambda: ls.create(first, result="A")
        )  # type: ignore[arg-type]

    def annotation_history(self) -> None:
        ls = self.ls.annotation_history
        rows = self.say(
            "annotation_history.list",
            lambda: ls.list(annotation=self.annotation),
            lambda rows: len(rows) == 2,
        )
        self.say(
            "annotation_history.retrieve", lambda: ls.retrieve(rows[0].id), lambda row: row.id == rows[0].id
        )
        of_project = lambda: ls.list_for_project(self.project).results
        self.say("annotation_history.list_for_project", of_project, lambda found: len(found) >= 2)

    def predictions(self) -> None:
        ls, first = self.ls.predictions, self.tasks[0]
        made = self.say(
            "predictions.create",
            lambda: ls.create(task=first, result=choice("A"), score=0.5, model_version="m1"),
        )
        self.say(
            "predictions.list", lambda: ls.list(task=first), lambda found: [p.id for p in found] == [made.id]
        )
        self.say("predictions.get", lambda: ls.get(made.id), lambda p: p.model_version == "m1")
        self.say("predictions.update", lambda: ls.update(made.id, score=0.9), lambda p: p.score == 0.9)
        self.say("predictions.delete", lambda: ls.delete(made.id))
        rows = [{"task": first, "result": choice("B"), "model_version": "m2"}]
        many = lambda: self.ls.projects.import_predictions(self.project, request=rows)
        self.say("projects.import_predictions", many, lambda answer: answer.created == 1)

    def drafts(self) -> None:
        """The SDK has no client for these; Label Studio's editor calls them so."""
        first = self.tasks[0]
        made = self.say(
            "POST tasks/{id}/drafts",
            lambda: self.json("POST", f"api/tasks/{first}/drafts", json={"result": choice("A")}),
        )
        change = lambda: self.json(
            "PATCH", f"api/drafts/{made['id']}/", json={"result": choice("B"), "lead_time": 3}
        )
        self.say("PATCH drafts/{id}", change, lambda draft: draft["result"] == choice("B"))
        self.say("DELETE drafts/{id}", lambda: self.json("DELETE", f"api/drafts/{made['id']}/"))
        on_it = f"api/tasks/{first}/annotations/{self.annotation}/drafts"
        self.say(
            "POST tasks/{id}/annotations/{id}/drafts",
            lambda: self.json("POST", on_it, json={"result": choice("A")}),
        )
        other = self.ls.annotations.create(self.tasks[2], result=choice("A"))
        convert = lambda: self.json("POST", f"api/annotations/{other.id}/convert-to-draft", json={})
        draft = self.say(
            "POST annotations/{id}/convert-to-draft", convert, lambda draft: draft["result"] == choice("A")
        )
        drafts = lambda: self.ls.annotations.list(self.tasks[2])
        self.say("annotations.list (managers see a draft)", drafts, lambda found: len(found) == 1)
        self.say(
            "DELETE drafts/{id} (of an annotation)", lambda: self.json("DELETE", f"api/drafts/{draft['id']}/")
        )

    def comments(self) -> None:
        ls = self.ls.comments
        made = self.say("comments.create", lambda: ls.create(annotation=self.annotation, text="Is this a B?"))
        self.say(
            "comments.list",
            lambda: ls.list(annotation=self.annotation),
            lambda found: [c.id for c in found] == [made.id],
        )
        expanded = lambda: ls.list(annotation=self.annotation, expand_created_by=True)
        self.say("comments.list (expand_created_by)", expanded, lambda found: person_of(found[0]) == self.me)
        table = lambda: b"".join(ls.export(projects=str(self.project))).decode()
        self.say("comments.export", table, lambda text: "Is this a B?" in text)
        self.say("comments.get", lambda: ls.get(made.id), lambda c: c.text == "Is this a B?")
        self.say(
            "comments.update",
            lambda: ls.update(made.id, is_resolved=True),
            lambda c: c.is_resolved and c.resolved_at,
        )
        self.say("comments.delete", lambda: ls.delete(made.id))

    def annotation_reviews(self) -> None:
        ls = self.ls.annotation_reviews
        made = self.say(
            "annotation_reviews.create (accept)", lambda: ls.create(annotation=self.annotation, accepted=True)
        )
        self.say(
            "annotation_reviews.get",
            lambda: ls.get(made.id),
            lambda r: r.accepted and r.created_by == self.me,
        )
        remade = self.say(
            "annotation_reviews.update (now rejected)",
            lambda: ls.update(made.id, accepted=False, comment="No."),
        )
        self.say("annotation_reviews.delete", lambda: ls.delete(remade.id))
        fix = lambda: ls.create(
            annotation=self.annotation, accepted=True, result=choice("A"), comment="An A."
        )
        self.say(
            "annotation_reviews.create (fix and accept)",
            fix,
            lambda r: r.fixed_annotation_history and r.result == choice("A"),
        )
        for action in ("remove", "requeue"):
            reject = lambda action=action: ls.create(
                annotation=self.rejected, accepted=False, reject_action=action
            )
            self.say(
                f"annotation_reviews.create (reject, {action})",
                reject,
                lambda r, action=action: r.reject_action == action,
            )
        older = lambda: ls.create(
            annotation=self.rejected, accepted=False, remove_from_queue=True, comment="Wrong."
        )
        self.say(
            "annotation_reviews.create (reject, remove_from_queue)",
            older,
            lambda r: r.reject_action == "remove",
        )
        listed = lambda: ls.list(annotation=self.annotation)
        self.say("annotation_reviews.list (annotation)", listed, lambda found: found[0].accepted)
        of_project = lambda: ls.list(annotation_task_project=self.project, ordering="-id")
        self.say("annotation_reviews.list (project)", of_project, lambda found: len(found) >= 2)
        seen = self.ls.annotation_history.list(annotation=self.annotation)[-1].id
        stale = lambda: ls.create(annotation=self.annotation, accepted=True, last_annotation_history=seen)
        self.walk.refused("annotation_reviews.create of an old version", 400, stale)
        self.walk.refused(
            "annotation_reviews.create of none", 404, lambda: ls.create(annotation=2**40, accepted=True)
        )

    def members(self) -> None:
        ls = self.ls.projects
        other = next(person.id for person in self.ls.users.list() if person.id != self.me)
        authors = lambda: ls.list_unique_annotators(self.project)
        self.say(
            "projects.list_unique_annotators",
            authors,
            lambda found: [person.id for person in found] == [self.me],
        )
        self.say(
            "projects.members.add",
            lambda: ls.members.add(self.project, user=other),
            lambda m: m.user == other,
        )
        paged = lambda: ls.members.paginated.list(self.project).items
        self.say("projects.members.paginated.list", paged, lambda found: other in [m.id for m in found])
        role = self.say(
            "projects.roles.add", lambda: ls.roles.add(project=self.project, user=other, role="RE")
        )
        self.say(
            "projects.roles.get",
            lambda: ls.roles.get(self.project),
            lambda found: role.id in [r.id for r in found],
        )
        self.say("projects.roles.list", ls.roles.list, lambda found: role.id in [r.id for r in found])
        self._assignments(other)
        self.say("projects.roles.remove", lambda: ls.roles.remove(role.id))
        ls.members.add(self.project, user=other)
        self.say("projects.members.remove", lambda: ls.members.remove(self.project, user=other))
        self.say(
            "projects.members.bulk.post",
            lambda: ls.members.bulk.post(self.project, all_=False, included=[other], roles=[{"role": "RE"}]),
        )
        table = lambda: b"".join(ls.members.export_csv(self.project)).decode()
        self.say("projects.members.export_csv", table, lambda text: f"\n{other}," in text)
        self.say(
            "projects.members.bulk.delete",
            lambda: ls.members.bulk.delete(self.project, all_=False, included=str(other)),
        )
        copied = self.say(
            "projects.duplicate",
            lambda: ls.duplicate(self.project, mode="settings,data", title="SDK copy", workspace=1),
        )
        ls.delete(copied.id)

    def _assignments(self, other: int) -> None:
        ls, first = self.ls.projects.assignments, self.tasks[0]
        assigned = lambda: ls.assign(self.project, first, type="RE", users=[other])
        self.say("projects.assignments.assign", assigned, lambda a: a.assignee == other and a.type == "RE")
        self.say(
            "projects.assignments.list",
            lambda: ls.list(self.project, first),
            lambda found: found[0].assignee == other,
        )
        self.say(
            "projects.assignments.update", lambda: ls.update(self.project, first, type="RE", users=[other])
        )
        self.say(
            "projects.assignments.delete", lambda: ls.delete(self.project, first, type="RE", users=[other])
        )
        chosen = {"all": False, "included": self.tasks}
        bulk = lambda: ls.bulk_assign(self.project, type="RE", users=[other], selected_items=chosen)
        self.say(
            "projects.assignments.bulk_assign", bulk, lambda answer: answer.assignments == len(self.tasks)
        )

    def exports(self) -> None:
        ls = self.ls.projects.exports
        self.say("projects.exports.list_formats", lambda: ls.list_formats(self.project))
        self.say(
            "projects.exports.as_json",
            lambda: ls.as_json(self.project),
            lambda tasks: tasks[0]["annotations"][0]["reviews"],
        )
        self.say(
            "projects.exports.as_binary", lambda: ls.as_binary(self.project)[:1], lambda start: start == b"["
        )
        self.say("projects.exports.as_file (TSV)", lambda: ls.as_file(self.project, "TSV").readline())
        rows = self.say("projects.exports.as_pandas (CSV)", lambda: ls.as_pandas(self.project))
        self.say(
            "CSV columns",
            lambda: list(rows.columns),
            lambda names: {"text", "id", "letter", "annotator"} <= set(names),
        )
        self.say(
            "CSV cells that spreadsheets would run", lambda: list(rows.text), lambda cells: "'=two" in cells
        )
        small = lambda: json.loads(letters(ls.download_sync(self.project, export_type="JSON_MIN")))
        self.say("projects.exports.download_sync (JSON_MIN)", small, lambda found: found[0]["letter"] == "A")
        tabs = lambda: letters(ls.download_sync(self.project, export_type="TSV")).decode()
        self.say("projects.exports.download_sync (TSV)", tabs, lambda text: "\t" in text.splitlines()[0])
        self.walk.refused(
            "export as YOLO", 400, lambda: letters(ls.download_sync(self.project, export_type="YOLO"))
        )

    def snapshots(self) -> None:
        ls = self.ls.projects.exports
        made = self.say(
            "projects.exports.create (reviewed only)",
            lambda: ls.create(
                self.project,
                title="reviewed",
                task_filter_options={"reviewed": "only"},
                annotation_filter_options={"reviewed": "only"},
            ),
        )
        self.say(
            "projects.exports.get",
            lambda: ls.get(self.project, made.id),
            lambda export: export.status == "completed",
        )
        self.say(
            "projects.exports.list",
            lambda: ls.list(self.project),
            lambda found: [e.id for e in found] == [made.id],
        )
        download = lambda: json.loads(letters(ls.download(self.project, made.id)))
        read = lambda tasks: (
            {a["reviews"][0]["accepted"] for t in tasks for a in t["annotations"]} == {True, False}
        )
        self.say("projects.exports.download", download, read)
        self.say(
            "projects.exports.convert (CSV)", lambda: ls.convert(self.project, made.id, export_type="CSV")
        )
        as_csv = lambda: letters(ls.download(self.project, made.id, export_type="CSV")).decode()
        self.say("projects.exports.download (CSV)", as_csv, lambda text: text.startswith("text,"))
        self.say("projects.exports.delete", lambda: ls.delete(self.project, made.id))

    def views(self) -> None:
        ls = self.ls.views
        rejected = {
            "filter": "filter:tasks:reviews_rejected",
            "operator": "greater",
            "type": "Number",
            "value": 0,
        }
        data = {
            "title": "Rejected",
            "filters": {"conjunction": "and", "items": [rejected]},
            "ordering": ["-tasks:id"],
        }
        made = self.say("views.create", lambda: ls.create(project=self.project, data=data))
        self.say(
            "views.list",
            lambda: ls.list(project=self.project),
            lambda found: made.id in [view.id for view in found],
        )
        self.say("views.get", lambda: ls.get(str(made.id)), lambda view: view.id == made.id)
        change = lambda: ls.update(str(made.id), project=self.project, data=data | {"title": "Sent back"})
        self.say("views.update", change)
        shown = lambda: list(self.ls.tasks.list(view=made.id))
        self.say("tasks.list (view)", shown, lambda found: [task.id for task in found] == [self.tasks[1]])
        self.say("views.update_order", lambda: ls.update_order(project=self.project, ids=[made.id]))
        self.say("views.delete", lambda: ls.delete(str(made.id)))
        self.say("views.delete_all", lambda: ls.delete_all(project=self.project))

    def actions(self) -> None:
        ls = self.ls.actions
        self.say("actions.list", lambda: ls.list(project=self.project))
        extra = self.ls.tasks.create(project=self.project, data={"text": "five"})
        chosen = {"all": False, "included": [extra.id]}
        remove = lambda: ls.create(id="delete_tasks", project=self.project, selected_items=chosen)
        self.say("actions.create (delete_tasks)", remove)
        self.walk.refused(
            "tasks.get of a task an action deleted", 404, lambda: self.ls.tasks.get(str(extra.id))
        )

    def webhooks(self) -> None:
        ls = self.ls.webhooks
        made = self.say(
            "webhooks.create",
            lambda: ls.create(
                url="https://example.org/hook",
                project=self.project,
                send_for_all_actions=False,
                actions=["REVIEW_CREATED"],
            ),
        )
        self.say(
            "webhooks.list",
            lambda: ls.list(project=str(self.project)),
            lambda found: [w.id for w in found] == [made.id],
        )
        self.say("webhooks.get", lambda: ls.get(made.id), lambda w: w.actions == ["REVIEW_CREATED"])
        self.say(
            "webhooks.update", lambda: ls.update(made.id, url="https://example.org/other", is_active=False)
        )
        self.say("webhooks.info", ls.info)
        self.say("webhooks.delete", lambda: ls.delete(made.id))

    def end(self) -> None:
        self.say("tasks.delete_all_tasks", lambda: self.ls.tasks.delete_all_tasks(self.project))
        left = lambda: list(self.ls.tasks.list(project=self.project))
        self.say("tasks.list (nothing left)", left, lambda found: found == [])
        self.say("projects.delete", lambda: self.ls.projects.delete(self.project))
        self.walk.refused("projects.get of the deleted one", 404, lambda: self.ls.projects.get(self.project))


def person_of(comment: Any) -> Any:
    author = comment.created_by
    return author["id"] if isinstance(author, dict) else getattr(author, "id", author)
