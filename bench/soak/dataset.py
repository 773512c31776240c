"""Migrates and fills the database of a soak.

`python -m bench.soak.dataset SPEC` prints JSON: the people with their tokens, and the projects. SPEC:
`{"tasks": n, "hook": url}`.
"""

from typing import Any

from bench.dataset import run

PEOPLE = {"admin": 1, "lead": 2, "reviewer": 3, "annotator": 3}
SETTINGS: list[dict[str, Any]] = [
    {"title": "Letters", "allowed_reject_actions": ["remove", "requeue", "redistribute"]},
    {"title": "Twice", "maximum_annotations": 2, "review_criteria": "all"},
]


def fill(spec: dict[str, Any]) -> dict[str, Any]:
    from tasks.services import members, projects, tasks
    from tests.factories import CHOICES, person
    from users.capabilities import Role
    from users.models import ApiToken, User
    from webhooks import endpoints

    roles = {"lead": Role.MANAGER, "reviewer": Role.REVIEWER, "annotator": Role.ANNOTATOR}
    people: dict[str, list[User]] = {
        kind: [person(f"{kind}{n}", may_create_projects=kind == "lead") for n in range(count)]
        for kind, count in PEOPLE.items()
    }
    User.objects.filter(pk__in=[one.pk for one in people["admin"]]).update(site_role=Role.ADMIN)
    made = []
    for settings in SETTINGS:
        project = projects.create(actor=people["lead"][0], label_config=CHOICES, **settings)
        for kind, role in roles.items():
            for one in people[kind]:
                members.set_role(project, one, role)
        rows = [{"data": {"text": f"Letter {number}"}} for number in range(spec["tasks"])]
        tasks.create_many(project, rows, actor=people["lead"][0])
        endpoints.create(actor=people["lead"][0], project=project, url=spec["hook"])
        made.append(project.pk)
    return {
        "people": [
            {"kind": kind, "id": one.pk, "email": one.email, "token": ApiToken.issue(one, name="soak")[1]}
            for kind, group in people.items()
            for one in group
        ],
        "projects": made,
    }


if __name__ == "__main__":
    run(fill)
