"""The old client of the SDK, which is made of requests."""

# ruff: noqa: E731  (a call and what is expected of it, each in a line)
import tempfile
from typing import Any

from calls import Walk
from label_studio_sdk._legacy import Client
from steps import CONFIG, choice


class LegacySteps:
    """The walk in short."""

    def __init__(self, walk: Walk, base: str, token: str) -> None:
        self.say = walk.say
        self.client = Client(url=base, api_key=token)

    def all(self) -> None:
        say, client = self.say, self.client
        say("legacy check_connection", client.check_connection, lambda answer: answer["status"] == "UP")
        say(
            "legacy get_users",
            lambda: [user.email for user in client.get_users()],
            lambda emails: len(emails) >= 1,
        )
        project = say(
            "legacy create_project", lambda: client.create_project(title="Old SDK walk", label_config=CONFIG)
        )
        say("legacy get_projects", client.get_projects, lambda found: project.id in [p.id for p in found])
        say(
            "legacy get_project",
            lambda: client.get_project(project.id).title,
            lambda title: title == "Old SDK walk",
        )
        say("legacy set_params", lambda: project.set_params(description="Changed"))
        self.tasks(project)
        self.annotations(project)
        self.exports(project)
        say(
            "legacy delete_project",
            lambda: client.delete_project(project.id).status_code,
            lambda status: status == 204,
        )

    def tasks(self, project: Any) -> None:
        say = self.say
        self.ids = say(
            "legacy import_tasks",
            lambda: project.import_tasks([{"text": "one"}, {"text": "two"}]),
            lambda ids: len(ids) == 2,
        )
        say("legacy get_tasks", project.get_tasks, lambda tasks: [t["id"] for t in tasks] == self.ids)
        say(
            "legacy get_paginated_tasks",
            lambda: project.get_paginated_tasks(page=1, page_size=1)["tasks"],
            lambda t: len(t) == 1,
        )
        say("legacy get_tasks_ids", project.get_tasks_ids, lambda ids: ids == self.ids)
        say("legacy get_task", lambda: project.get_task(self.ids[0]), lambda task: task["id"] == self.ids[0])
        changed = lambda: project.update_task(self.ids[0], data={"text": "changed"})
        say("legacy update_task", changed, lambda task: task["data"] == {"text": "changed"})
        say(
            "legacy create_prediction", lambda: project.create_prediction(self.ids[0], choice("A"), score=0.5)
        )

    def annotations(self, project: Any) -> None:
        say, first = self.say, self.ids[0]
        made = say("legacy create_annotation", lambda: project.create_annotation(first, result=choice("A")))
        say("legacy list_annotations", lambda: project.list_annotations(first), lambda found: len(found) == 1)
        say(
            "legacy get_annotation",
            lambda: project.get_annotation(made["id"]),
            lambda a: a["result"] == choice("A"),
        )
        changed = lambda: project.update_annotation(made["id"], result=choice("B"))
        say("legacy update_annotation", changed, lambda a: a["result"] == choice("B"))
        say(
            "legacy get_labeled_tasks",
            project.get_labeled_tasks,
            lambda tasks: [t["id"] for t in tasks] == [first],
        )
        views = lambda: project.delete_view(
            project.create_view(filters={"conjunction": "and", "items": []})["id"]
        )
        say("legacy create_view, delete_view", views)
        say("legacy get_views", project.get_views)
        say(
            "legacy get_unlabeled_tasks_ids", project.get_unlabeled_tasks_ids, lambda ids: ids == self.ids[1:]
        )

    def exports(self, project: Any) -> None:
        say = self.say
        say("legacy export_tasks", project.export_tasks, lambda tasks: len(tasks) == 1)
        made = say("legacy export_snapshot_create", lambda: project.export_snapshot_create(title="old"))
        say(
            "legacy export_snapshot_list",
            project.export_snapshot_list,
            lambda found: [e["id"] for e in found] == [made["id"]],
        )
        status = lambda: project.export_snapshot_status(made["id"]).is_completed()
        say("legacy export_snapshot_status", status, lambda done: done)
        with tempfile.TemporaryDirectory() as folder:
            download = lambda: project.export_snapshot_download(made["id"], path=folder)
            say(
                "legacy export_snapshot_download",
                download,
                lambda answer: answer[0] == 200 and answer[1].endswith(".json"),
            )
        say(
            "legacy export_snapshot_delete",
            lambda: project.export_snapshot_delete(made["id"]),
            lambda status: status == 204,
        )
