"""No request waits for another's transaction longer than LOCK_TIMEOUT_MS, whatever that transaction holds.

Every route that writes is asked while somebody else has locked rows of one kind, or all. It answers 503, or
does what it can do without them; it never hangs and never fails in another way.
"""

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from typing import Any

import psycopg
import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client as Browser
from django.urls import get_resolver, resolve, reverse
from django.urls.resolvers import URLPattern, URLResolver
from rest_framework.test import APIClient

from audits import reports
from reviews.models import BulkReview, Comment, Correction, Review
from reviewsite.postgresql.base import DatabaseWrapper
from tasks.locks import Lock
from tasks.models import Annotation, Draft, Import, Membership, Prediction, Reservation, View
from tests.admin_fixtures import fill
from tests.audits import factories as audits
from tests.factories import PASSWORD, House, client_of, result
from users.models import ApiToken, User
from users.sessions import Session
from webhooks.models import Delivery, Webhook

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

TIMEOUT_MS = 150
# Two waits, one after the other, would take as long. The least of four tries, as the machine may be busy.
AT_MOST_SECONDS = 2 * TIMEOUT_MS / 1000
# A page of the admin takes long to render.
PAGE_AT_MOST_SECONDS = 1.5
WRITING = {"post", "put", "patch", "delete"}

HELD = {
    "projects": ["tasks_project"],
    "tasks": ["tasks_task"],
    "annotations": ["tasks_annotation"],
    "memberships": ["tasks_membership"],
    "people": ["users_user"],
    "endpoints": ["webhooks_webhook"],
    "what follows from a task": [
        "reviews_queueentry",
        "tasks_reservation",
        "tasks_draft",
        "tasks_assignment",
    ],
    "audits": ["audits_dataset", "audits_auditmodel", "audits_report"],
    "sign-ins": ["users_apitoken", "users_logintry", Session._meta.db_table],
    "everything": [],
}

# Who sends what to which route; names in braces are ids of rows of that kind.
REQUESTS: list[tuple[str, str, str, Any]] = [
    ("reviewer", "post", "annotations/{annotation}/accept/", {}),
    ("reviewer", "post", "annotations/{annotation}/reject/", {"comment": "Look again"}),
    ("reviewer", "post", "annotations/{annotation}/fix-and-accept/", {"result": result("B")}),
    ("reviewer", "post", "annotations/{annotation}/reopen/", {}),
    ("reviewer", "delete", "annotations/{annotation}/reopen/", {}),
    ("annotator", "post", "annotations/{rejected}/contest/", {"reason": "It is a B"}),
    ("annotator", "post", "annotations/{annotation}/convert-to-draft/", {}),
    ("annotator", "post", "annotations/{annotation}/take-back/", {}),
    ("annotator", "patch", "annotations/{annotation}/", {"result": result("B")}),
    ("annotator", "delete", "annotations/{annotation}/", None),
    ("lead", "post", "annotations/bulk/", {"tasks": ["{task}"], "result": result("B")}),
    ("lead", "post", "annotations/bulk-delete/", {"ids": ["{annotation}"]}),
    ("reviewer", "post", "annotations/bulk-review/", {"annotations": ["{annotation}"], "action": "accept"}),
    ("reviewer", "post", "bulk-reviews/{bulk}/undo/", {}),
    ("lead", "post", "annotations/{annotation}/restore/", {}),
    ("reviewer", "post", "annotation-reviews/", {"annotation": "{annotation}", "accepted": True}),
    ("reviewer", "patch", "annotation-reviews/{review}/", {"accepted": True}),
    ("reviewer", "put", "annotation-reviews/{review}/", {"accepted": True}),
    ("reviewer", "delete", "annotation-reviews/{review}/", None),
    ("reviewer", "post", "comments/", {"annotation": "{annotation}", "text": "Why?"}),
    ("reviewer", "patch", "comments/{comment}/", {"is_resolved": True}),
    ("reviewer", "delete", "comments/{comment}/", None),
    ("lead", "post", "corrections/{correction}/acknowledge/", {}),
    ("lead", "post", "projects/{project}/corrections/acknowledge/", {"through": 10**6}),
    ("lead", "post", "tasks/", {"project": "{project}", "data": {"text": "A"}}),
    ("lead", "patch", "tasks/{task}/", {"data": {"text": "B"}}),
    ("lead", "delete", "tasks/{task}/", None),
    ("annotator2", "post", "tasks/{task}/annotations/", {"result": result("C")}),
    ("reviewer", "post", "tasks/{task}/final/", {"annotation": "{annotation}"}),
    ("reviewer", "delete", "tasks/{task}/final/", None),
    ("annotator2", "post", "tasks/{task}/drafts/", {"result": result("C")}),
    ("annotator", "post", "tasks/{task}/annotations/{annotation}/drafts/", {"result": result("C")}),
    ("lead", "patch", "drafts/{draft}/", {"result": result("B")}),
    ("lead", "delete", "drafts/{draft}/", None),
    ("lead", "post", "tasks/{task}/dead-end/", {"action": "close", "reason": "no_eligible_reviewer"}),
    ("lead", "post", "tasks/{task}/close/", {}),
    ("lead", "delete", "tasks/{task}/close/", None),
    ("lead", "post", "tasks/{task}/restore/", {}),
    ("lead", "post", "predictions/", {"task": "{task}", "result": result("A")}),
    ("lead", "patch", "predictions/{prediction}/", {"score": 0.5}),
    ("lead", "delete", "predictions/{prediction}/", None),
    ("lead", "post", "projects/{project}/tasks/assignees/", {"users": ["{annotator}"], "type": "AN",
     "selectedItems": {"all": True, "excluded": []}}),
    *(("lead", method, "projects/{project}/tasks/{task}/assignees/",
       {"assignee": ["{annotator}"], "type": "AN"})
      for method in ("post", "patch")),
    ("lead", "delete", "projects/{project}/tasks/{task}/assignees/", {"type": "AN"}),
    ("lead", "post", "projects/", {"title": "Another", "label_config": "{config}"}),
    ("lead", "patch", "projects/{project}/", {"review_settings": {"review_criteria": "all"}}),
    ("lead", "patch", "projects/{project}/", {"maximum_annotations": 3}),
    ("lead", "patch", "projects/{project}/", {"label_config": "{boxes}"}),
    ("lead", "delete", "projects/{project}/", None),
    ("lead", "post", "projects/{project}/restore/", {}),
    ("lead", "post", "projects/{project}/tasks/", [{"data": {"text": "A"}}]),
    ("lead", "delete", "projects/{project}/tasks/", None),
    ("lead", "post", "projects/{project}/validate/", {"label_config": "{config}"}),
    ("lead", "post", "projects/{project}/import/", [{"data": {"text": "A"}}]),
    ("lead", "post", "projects/{project}/import/predictions/", [{"task": "{task}", "result": result("A")}]),
    ("lead", "delete", "imports/{import_}/", None),
    ("lead", "delete", "import/file-upload/{nothing}/", None),
    ("lead", "delete", "projects/{project}/file-uploads/", {"file_upload_ids": [1]}),
    ("lead", "post", "projects/{project}/reimport/", {"file_upload_ids": [1]}),
    ("lead", "post", "projects/{project}/uploads/sign/", {"urls": ["/data/upload/1/a.png"]}),
    ("lead", "post", "projects/{project}/uploads/sign-many/", {"paths": ["/data/upload/1/a.png"]}),
    ("lead", "post", "projects/{project}/exports/", {}),
    ("lead", "delete", "projects/{project}/exports/{nothing}/", None),
    ("lead", "post", "projects/{project}/exports/{nothing}/convert/", {"export_type": "CSV"}),
    ("lead", "post", "projects/{project}/reassign/", {"from": "{annotator}", "to": "{annotator2}"}),
    ("lead", "post", "projects/{project}/members/", {"user": "{stranger}", "role": "AN"}),
    ("lead", "patch", "projects/{project}/members/", {"user": "{annotator2}", "role": "RE"}),
    ("lead", "delete", "projects/{project}/members/", {"user": "{annotator2}"}),
    ("lead", "post", "projects/{project}/members/bulk/", {"included": ["{annotator2}"], "roles": ["RE"]}),
    ("lead", "delete", "projects/{project}/members/bulk/", {"included": ["{annotator2}"]}),
    ("lead", "delete", "projects/{project}/model-versions/", {"model_version": "m1"}),
    ("lead", "post", "projects/{project}/duplicate/", {"title": "Copy"}),
    ("lead", "post", "projects/validate/", {"label_config": "{config}"}),
    ("lead", "post", "projects/roles/", {"project": "{project}", "user": "{stranger}", "role": "AN"}),
    ("lead", "patch", "projects/roles/{membership}/", {"role": "RE"}),
    ("lead", "delete", "projects/roles/{membership}/", None),
    ("lead", "post", "jobs/{nothing}/cancel/", {}),
    ("reviewer", "get", "projects/{project}/review-queue/next/", None),
    ("annotator2", "get", "projects/{project}/next/", None),
    ("annotator", "post", "leases/{lease}/renew/", {}),
    ("annotator", "post", "leases/{lease}/release/", {}),
    ("admin", "post", "users/", {"email": "new@example.org"}),
    ("admin", "patch", "users/{annotator}/", {"first_name": "Ann"}),
    ("lead", "post", "users/invite/", {"email": "invited@example.org", "project": "{project}"}),
    ("admin", "post", "users/{annotator}/merge/", {"into": "{annotator2}"}),
    ("admin", "post", "users/{reviewer}/tokens/", {"name": "script"}),
    ("admin", "delete", "users/{reviewer}/tokens/{token}/", None),
    ("reviewer", "patch", "current-user/", {"first_name": "Rea"}),
    ("reviewer", "post", "current-user/reset-token/", {}),
    ("reviewer", "delete", "current-user/tokens/{token}/", None),
    ("reviewer", "delete", "current-user/sessions/", None),
    ("reviewer", "delete", "current-user/sessions/x/", None),
    ("reviewer", "post", "token/", {}),
    ("reviewer", "post", "token/refresh/", {"refresh": "x"}),
    ("reviewer", "post", "token/rotate/", {"refresh": "x"}),
    ("reviewer", "post", "token/blacklist/", {"refresh": "x"}),
    ("nobody", "post", "auth/login/", {"email": "reviewer@example.org", "password": PASSWORD}),
    ("nobody", "post", "auth/login/", {"email": "reviewer@example.org", "password": "wrong"}),
    ("reviewer", "post", "auth/logout/", {}),
    ("lead", "post", "dm/actions/?id=delete_tasks&project={project}",
     {"selectedItems": {"all": True, "excluded": []}}),
    ("lead", "post", "dm/actions/delete_tasks/form/?project={project}", {}),
    ("lead", "post", "dm/views/", {"project": "{project}", "data": {"title": "Mine"}}),
    ("lead", "post", "dm/views/order/", {"project": "{project}", "ids": ["{view}"]}),
    ("lead", "delete", "dm/views/reset/", {"project": "{project}"}),
    ("lead", "put", "dm/views/{view}/", {"project": "{project}", "data": {"title": "Mine"}}),
    ("lead", "patch", "dm/views/{view}/", {"project": "{project}", "data": {"title": "Mine"}}),
    ("lead", "delete", "dm/views/{view}/", None),
    *(("lead", method, "dm/views/{view}/selected-items/?project={project}",
       {"all": False, "included": ["{task}"]})
      for method in ("post", "patch", "delete")),
    ("lead", "patch", "audits/datasets/{audited}/", {"min_labels": 12}),
    ("annotator", "post", "audits/models/", {"dataset": "{audited}"}),
    ("annotator", "patch", "audits/models/{audit_model}/", {"name": "Another"}),
    ("annotator", "delete", "audits/models/{audit_model}/", None),
    ("annotator", "post", "audits/models/{audit_model}/label-batch/", {}),
    ("annotator", "put", "audits/models/{audit_model}/labels/", [{"comment": "{audit_comment}", "value": 1}]),
    ("annotator", "post", "audits/models/{audit_model}/fit/", {}),
    ("annotator", "post", "audits/models/{audit_model}/reports/", {"title": "Football"}),
    ("annotator", "post", "audits/models/{audit_model}/reports/scaffold/", {"scaffold": "prompts"}),
    ("annotator", "patch", "audits/reports/{audit_report}/", {"title": "Football"}),
    ("annotator", "delete", "audits/reports/{audit_report}/", None),
    ("annotator", "post", "audits/reports/{audit_report}/evidence/", {"comments": ["{audit_comment}"]}),
    ("annotator", "delete", "audits/reports/{audit_report}/evidence/{nothing}/", None),
    ("annotator", "post", "audits/reports/{audit_report}/complete/", {}),
    ("annotator", "post", "audits/reports/{audit_report}/submit/", {}),
    ("annotator", "post", "audits/reports/{audit_report}/preview/", {}),
    ("lead", "post", "webhooks/", {"project": "{project}", "url": "https://other.example/"}),
    ("lead", "put", "webhooks/{webhook}/", {"url": "https://other.example/"}),
    ("lead", "patch", "webhooks/{webhook}/", {"is_active": False}),
    ("lead", "delete", "webhooks/{webhook}/", None),
    ("lead", "post", "webhooks/{webhook}/enable/", {}),
    ("lead", "post", "webhooks/{webhook}/ping/", {}),
    ("lead", "post", "webhooks/{webhook}/replay/", {"states": ["pending"]}),
    ("lead", "post", "webhooks/{webhook}/rotate/", {}),
    ("lead", "post", "webhook-deliveries/{delivery}/resend/", {}),
]  # fmt: skip


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, path)
        else:
            yield path, pattern


def writing_methods(pattern: URLPattern) -> set[str]:
    view = pattern.callback
    handlers = getattr(view, "actions", None) or getattr(view, "cls", None)
    return {m for m in WRITING if (m in handlers if isinstance(handlers, dict) else hasattr(handlers, m))}


def test_every_route_of_the_api_that_writes_is_in_the_table():
    asked = {
        (resolve(f"/api/{filled_in(path, DUMMY).partition('?')[0]}").route.replace("^", ""), method)
        for _, method, path, _ in REQUESTS
    }
    wanted = {
        (path.replace("^", ""), method)
        for path, pattern in routes(get_resolver())
        if path.startswith("api/")
        for method in writing_methods(pattern)
    }

    assert wanted - asked == set()


class Dummy(dict):
    def __missing__(self, name: str) -> str:
        return "00000000-0000-0000-0000-000000000000" if name == "lease" else "1"


DUMMY = Dummy()


def filled_in(text: Any, ids: dict[str, Any]) -> Any:
    """`{name}` by the id of that name: a whole text becomes the id itself."""
    if isinstance(text, dict):
        return {key: filled_in(value, ids) for key, value in text.items()}
    if isinstance(text, list):
        return [filled_in(value, ids) for value in text]
    if isinstance(text, str) and (whole := re.fullmatch(r"{(\w+)}", text)):
        return ids[whole[1]]
    return re.sub(r"{(\w+)}", lambda m: str(ids[m[1]]), text) if isinstance(text, str) else text


@pytest.fixture
def ids(house: House) -> dict[str, Any]:
    rejected = fill(house.project, house.annotator2, house.reviewer).project
    first: dict[str, Any] = {
        name: model.objects.order_by("pk").first().pk  # type: ignore[attr-defined]
        for name, model in {
            "review": Review,
            "comment": Comment,
            "correction": Correction,
            "draft": Draft,
            "prediction": Prediction,
            "import_": Import,
            "webhook": Webhook,
            "delivery": Delivery,
            "membership": Membership,
        }.items()
    }
    people = User.objects.in_bulk(field_name="email")
    first |= {email.partition("@")[0]: user.pk for email, user in people.items()}
    first["view"] = View.objects.create(project=house.project, data={}).pk
    # Refused before anything is sent, so that a test of it does not wait for a network.
    Webhook.objects.update(url="http://127.0.0.1:9/")
    model = audits.fitted(audits.dataset(project=house.project, size="small"), house.annotator).model
    first |= {"audited": model.dataset_id, "audit_model": model.pk}
    first["audit_report"] = reports.create(model, actor=house.annotator).pk
    first["audit_comment"] = model.dataset.comments.earliest("pk").pk
    first["token"] = ApiToken.issue(house.reviewer, name="script")[0].pk
    first["bulk"] = BulkReview.objects.create(project=house.project, created_by=house.reviewer).pk
    first["lease"] = Reservation.objects.order_by("pk").first().pk
    first["rejected"] = Annotation.objects.filter(last_action="rejected").first().pk
    return first | {
        "nothing": 10**6,
        "project": rejected.pk,
        "task": house.task.pk,
        "annotation": house.annotation.pk,
        "config": house.project.label_config,
        "boxes": house.project.label_config.replace('"A"', '"Z"'),
    }


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(DatabaseWrapper, "lock_timeout_ms", TIMEOUT_MS)
    connection.close()
    yield
    connection.close()


@contextlib.contextmanager
def holding(tables: list[str], house: House) -> Iterator[None]:
    """Somebody else's transaction, which has locked all rows of these tables; without any: of all tables, and
    every advisory lock."""
    tables = tables or [t for t in connection.introspection.table_names() if t not in NOT_HELD]
    options = connection.get_connection_params() | {"cursor_factory": None, "options": ""}
    with psycopg.connect(**options) as other:
        for table in tables:
            other.execute(f'SELECT 1 FROM "{table}" FOR UPDATE')
        if len(tables) > 10:
            keys = [0, house.project.pk, *User.objects.values_list("pk", flat=True)]
            for lock in Lock:
                for key in keys:
                    other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [lock.value, key])
        yield
        other.rollback()


NOT_HELD = {"django_migrations"}


def waits_once(what: str, ask: Callable[[], Any], *, at_most: float = AT_MOST_SECONDS) -> list[str]:
    """What is wrong with the answer, in words."""
    tries = []
    for _ in range(4):
        started = time.monotonic()
        answer = ask()
        tries.append(time.monotonic() - started)
        if tries[-1] < at_most:
            break
    found = []
    if min(tries) >= at_most:
        found.append(f"{what}: {min(tries):.2f} s, {answer.status_code}")
    if answer.status_code >= 500 and (answer.status_code != 503 or not answer.headers.get("Retry-After")):
        found.append(f"{what}: {answer.status_code} {answer.headers} {answer.content[:200]!r}")
    return found


# Everything at once is tried in each run; which rows it was that somebody waited for, when that fails.
ALONE = [pytest.param(kind, marks=[] if kind == "everything" else pytest.mark.slow) for kind in HELD]
PAGES_ALONE = [each for each in ALONE if each.values[0] in ("projects", "people", "sign-ins", "everything")]


@pytest.mark.parametrize("held", ALONE)
def test_the_api_answers_in_time(house, ids, impatient, held):
    clients = {
        name: client_of(getattr(house, name))
        for name in ("lead", "reviewer", "annotator", "annotator2", "admin")
    }
    plain = {name: APIClient(raise_request_exception=False) for name in [*clients, "nobody"]}
    for name, client in clients.items():
        plain[name].credentials(**client._credentials)
    found: list[str] = []
    seen: Counter[int] = Counter()

    def ask(who: str, method: str, path: str, body: Any) -> Any:
        # Taken back, so that the next request finds everything in place.
        with transaction.atomic():
            send = getattr(plain[who], method)
            answer = send(f"/api/{filled_in(path, ids)}", filled_in(body, ids), format="json")
            transaction.set_rollback(True)
        seen[answer.status_code] += 1
        return answer

    with holding(HELD[held], house):
        for request in REQUESTS:
            found += waits_once(" ".join(request[:3]), partial(ask, *request))

    print(f"{held}: {len(REQUESTS)} requests, answered {dict(sorted(seen.items()))}")
    assert found == []
    assert seen[503] or held == "sign-ins"


class Form(HTMLParser):
    """What a browser would send back."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self._textarea = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        name, value = about.get("name") or "", about.get("value") or ""
        if tag == "input" and name and about.get("type") not in ("submit", "file"):
            if about.get("type") not in ("checkbox", "radio") or "checked" in about:
                self.fields[name] = value
        elif tag == "textarea":
            self._textarea, self.fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in about:
            self.fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea] += data


@pytest.mark.parametrize("held", PAGES_ALONE)
def test_pages_and_the_admin_answer_in_time(house, ids, impatient, held):
    lead, admin_ = signed_in(house.lead), signed_in(house.admin)
    forms = list(admin_forms(admin_))
    anybody = Browser(raise_request_exception=False)
    review = f"/projects/{house.project.pk}/review/"
    new = {"new_password1": "long enough now", "new_password2": "long enough now"}
    reviewer = {"username": house.reviewer.email, "password": PASSWORD}
    pages = [
        (signed_in(house.reviewer), review, {"action": "accept", "annotation": ids["annotation"]}),
        (lead, "/accounts/password_change/", {"old_password": PASSWORD} | new),
        (anybody, "/accounts/login/", reviewer),
        (anybody, "/accounts/login/", reviewer | {"password": "wrong"}),
        (anybody, "/accounts/password_reset/", {"email": house.reviewer.email}),
        (signed_in(house.annotator), "/accounts/logout/", {}),
    ]
    found: list[str] = []

    with holding(HELD[held], house):
        for client, path, fields in [*pages, *((admin_, *form) for form in forms)]:
            found += waits_once(
                f"post {path}", partial(client.post, path, fields), at_most=PAGE_AT_MOST_SECONDS
            )
        for path in ("/", "/inbox/", review):
            found += waits_once(f"get {path}", partial(lead.get, path), at_most=PAGE_AT_MOST_SECONDS)

    print(f"{held}: {len(forms)} forms of the admin")
    assert found == []


def signed_in(user: User) -> Browser:
    browser = Browser(raise_request_exception=False)
    browser.force_login(user, backend="users.backends.GuardedPasswordBackend")
    return browser


def admin_forms(browser: Browser) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each form to change a row, each action on a list, and each confirmation of a deletion, as sent."""
    for model, options in admin.site._registry.items():
        row = model._default_manager.order_by("-pk").first()
        at = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if row is None:
            continue
        change = reverse(f"{at}_change", args=[row.pk])
        if (page := browser.get(change)).status_code == 200:
            fields = Form(page.content.decode()).fields
            yield change, {name: value for name, value in fields.items() if not name.startswith("csrf")}
        listed = browser.get(reverse(f"{at}_changelist"))
        actions = re.findall(r'<option value="(\w+)"', listed.content.decode()) if options.actions else []
        for action in actions:
            yield reverse(f"{at}_changelist"), {"action": action, "_selected_action": row.pk, "post": "yes"}
        yield reverse(f"{at}_delete", args=[row.pk]), {"post": "yes"}
