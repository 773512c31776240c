"""What is written to a row must not be what somebody read before they had its lock: that brings back deleted
rows, and loses what others changed meanwhile. So:

- `save()` without `update_fields` is for new rows only (or, of a user, writes what changed: users/models.py);
- a function that saves or updates rows locks them itself, or says in LOCKED_ELSEWHERE who does, or why not.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = (
    "users",
    "jobs",
    "tasks",
    "reviews",
    "exchange",
    "api",
    "labelstudio",
    "webhooks",
    "crowd",
    "audits",
    "pages",
    "reviewsite",
)
# What locks rows: querysets and functions of this repository.
LOCKS = {
    "lock",
    "_lock",
    "_locked",
    "locked",
    "locked_participation",
    "select_for_update",
    "lock_with_annotations",
    "lock_one",
    "lock_selection",
}

SAVED_WHOLE = {
    "users/models.py:create_user": "a new user",
    "users/models.py:save": "the method itself",
    "tasks/models/project.py:save": "the method itself",
    "tasks/services/history.py:record": "history is only inserted",
    "tasks/services/history.py:record_version": "history is only inserted",
    "tasks/services/projects.py:create": "a new project",
    "pages/views.py:profile": "one's own account, of which only what changed is written",
    "tasks/services/uploads.py:_store": "a file",
    "crowd/campaigns.py:create": "a new campaign",
    "audits/datasets.py:create": "a new data set",
    "audits/pages/labelling.py:page": "labels, as labelling.put_labels stores them",
    "tasks/admin/members.py:save_members": "a formset, without commit",
    "api/views/tasks.py:create": "tasks.services.drafts.save makes a new draft",
}
LOCKED_ELSEWHERE = {
    "tasks/counters.py:recount": "the tasks, by every caller",
    "tasks/services/annotations.py:_mark_deleted": "by delete_many",
    "tasks/services/annotations.py:_save_touched": "by edit",
    "tasks/services/annotations.py:_save_version": "by edit",
    "tasks/services/closing.py:_save": "by close and open_again",
    "tasks/services/projects.py:create": "a new project",
    "tasks/services/tasks.py:_change_prediction": "its task, by save_prediction",
    "tasks/services/tasks.py:_note_data_change": "by update",
    "tasks/services/tasks.py:raise_sequences": "the annotations, by every caller",
    "tasks/services/tasks.py:reserve_inner_ids": "an import that is just beginning",
    "tasks/services/restoring.py:restore_tasks": "by lock_with_decided",
    "reviews/counters.py:recount_comments": "the tasks, by every caller",
    "reviews/disputes.py:_mark": "the annotation, by AnnotationReviewService.contest",
    "reviews/disputes.py:contest": "the annotation, by AnnotationReviewService.contest",
    "reviews/disputes.py:close": "the annotations, by the decision",
    "reviews/final_picks.py:_undo": "the task, by pick and undo",
    "reviews/sampling.py:_flag": "by CHANGED, in SQL",
    "exchange/importing/media.py:import_media": "an import just made",
    "exchange/importing/publishing.py:publish": "the import, which one job writes",
    "api/views/users.py:patch": "one's own account: only what was sent",
    "audits/reports.py:_touch": "the report, by every caller",
    "reviewsite/signon/groups.py:_give_site_role": "written as the identity provider says, whatever it was",
    "audits/datasets.py:_change_topic": "by update_topics",
    "audits/outbox.py:_save": "the submission and its report, by locked",
    "crowd/storing_restored.py:store": "when its round begins",
    "crowd/storing_restored.py:_count": "when its round begins",
    "crowd/submitting.py:count_review": "the item that its callers locked",
    "users/people.py:change": "with the administrators, by _locked_with_administrators",
    "users/models.py:revoke": "a key that is revoked twice keeps one of two times",
}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def called(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield getattr(call.func, "attr", getattr(call.func, "id", "")), call


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def found(wrong) -> set[str]:
    return {
        f"{path}:{function.name}"
        for path, tree in sources()
        for function in functions(tree)
        if wrong(function)
    }


def saves_whole_rows(function: ast.FunctionDef) -> bool:
    return any(
        name == "save" and not any(keyword.arg == "update_fields" for keyword in call.keywords)
        for name, call in called(function)
    )


def writes_what_it_did_not_lock(function: ast.FunctionDef) -> bool:
    names = {name for name, _ in called(function)}
    writes = "update_rows" in names or any(
        name == "save" and any(keyword.arg == "update_fields" for keyword in call.keywords)
        for name, call in called(function)
    )
    return writes and not names & LOCKS


def test_only_new_rows_are_saved_whole():
    assert found(saves_whole_rows) == SAVED_WHOLE.keys()


def test_only_locked_rows_are_changed():
    assert found(writes_what_it_did_not_lock) == LOCKED_ELSEWHERE.keys()
