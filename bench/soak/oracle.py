"""What must hold at any moment, asked of the database and, about evidence, over HTTP."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from bench.site import ThrowAwaySite
from devserver.supervise import ROOT

from .world import Person, World

EVIDENCE = (
    "tasks_annotation",
    "tasks_history",
    "tasks_projectchange",
    "reviews_review",
    "reviews_comment",
    "reviews_correction",
    "reviews_dispute",
    "reviews_finalpick",
)
SAMPLE = 25
# What is wrong → a query of the rows that are.
WRONG = {
    "a submitted draft is back": """
        SELECT d.id, h.id FROM tasks_draft d JOIN tasks_history h ON h.draft_id = d.id""",
    "a comment on a draft did not follow it": """
        SELECT c.id, h.annotation_id FROM reviews_comment c JOIN tasks_history h ON h.draft_id = c.draft_id
        WHERE c.annotation_id IS NULL AND c.deleted_at IS NULL""",
    "own work was decided": """
        SELECT to_json(r), (SELECT json_agg(json_build_object(
            'id', h.id, 'action', h.action, 'by', h.created_by_id, 'author', h.author_id, 'number', h.number,
            'version', h.version_id, 'review', h.review_id) ORDER BY h.id)
            FROM tasks_history h WHERE h.annotation_id = r.annotation_id) FROM reviews_review r
        JOIN tasks_history seen ON seen.id = r.seen_version_id
        WHERE r.imported_by_id IS NULL AND seen.author_id = r.created_by_id
        -- A reviewer who edits work and edits it back accepts what somebody else wrote.
        AND NOT EXISTS (
            SELECT FROM tasks_history h WHERE h.annotation_id = r.annotation_id AND h.id < seen.id
            AND h.author_id <> r.created_by_id AND h.result = seen.result
            AND h.was_cancelled = seen.was_cancelled)""",
    "a project has no manager": """
        SELECT p.id FROM tasks_project p WHERE NOT EXISTS (
            SELECT FROM tasks_membership m WHERE m.project_id = p.id AND m.role = 'MA')""",
    "a version is missing": """
        SELECT a.id, a.version, count(h.number), max(h.number) FROM tasks_annotation a
        LEFT JOIN tasks_history h ON h.annotation_id = a.id
        GROUP BY a.id HAVING count(h.number) <> a.version OR max(h.number) <> a.version""",
    "history is ahead of its annotation": """
        SELECT h.id FROM tasks_history h JOIN tasks_annotation a ON a.id = h.annotation_id
        WHERE h.annotation_seq > a.annotation_seq""",
    "a review has no event, or several": """
        SELECT r.id, count(e.id) FROM reviews_review r
        LEFT JOIN (
            SELECT id, (body::jsonb #>> '{review,id}')::bigint AS review FROM webhooks_event
            WHERE action = 'REVIEW_CREATED'
        ) e ON e.review = r.id
        WHERE r.imported_by_id IS NULL GROUP BY r.id HAVING count(e.id) <> 1""",
    "an event got no position": """
        SELECT id FROM webhooks_event WHERE position IS NULL AND created_at < now() - interval '1 minute'""",
    "an annotation was decided without its history": """
        SELECT r.id FROM reviews_review r WHERE r.imported_by_id IS NULL
        AND NOT EXISTS (SELECT FROM tasks_history h WHERE h.review_id = r.id AND h.action = r.verdict)""",
}
# To explain a drift of this annotation.
REVIEWS_OF = """
    SELECT json_build_object('id', id, 'verdict', verdict, 'outcome', reject_action, 'by', created_by_id,
        'bulk', bulk_id, 'restores', restores_id, 'superseded_by', superseded_by_id, 'undone_at', undone_at)
    FROM reviews_review WHERE annotation_id = {} ORDER BY id"""
DRIFTED = re.compile(r"annotation (\d+)")
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass
class Oracle:
    site: ThrowAwaySite
    world: World
    admin: Person
    found: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Adds to `found`, by what is wrong, the first rows seen."""
        for name, statement in WRONG.items():
            self._note(name, self.site.rows(statement)[:5])
        self._evidence()
        self._visible()
        self._note("deadlocks", self.site.rows(DEADLOCKS)[0][0])
        self._note("drift", self._recount())

    def _note(self, name: str, wrong: Any) -> None:
        if wrong:
            self.found[name] = wrong

    def _evidence(self) -> None:
        """Rows are only added, and what somebody was told is there."""
        for table in EVIDENCE:
            count = self.site.rows(f"SELECT count(*) FROM {table}")[0][0]
            if count < self.counts.get(table, 0):
                self._note(f"{table} shrank", [self.counts[table], count])
            self.counts[table] = count
        for table, ids in self.world.promised.items():
            wanted = sorted(ids)
            present = {pk for (pk,) in self.site.rows(f"SELECT id FROM {table}")}
            self._note(f"{table} lost", [pk for pk in wanted if pk not in present][:5])

    def _visible(self) -> None:
        """Who runs the site sees what is not deleted: annotations, drafts that were submitted, reviews."""
        rows = self.site.rows(
            """SELECT a.id, a.standing_review_id, a.state FROM tasks_annotation a
            JOIN tasks_task t ON t.id = a.task_id JOIN tasks_project p ON p.id = a.project_id
            WHERE a.deleted_at IS NULL AND t.deleted_at IS NULL AND p.deleted_at IS NULL"""
        )
        for annotation, review, state in self.admin.dice.sample(rows, min(SAMPLE, len(rows))):
            if self.admin.get(f"/api/annotations/{annotation}/") is None:
                self._note("an annotation is hidden from the admin", (annotation, state))
            if review and self.admin.get(f"/api/annotation-reviews/{review}/") is None:
                self._note("a review is hidden from the admin", (review, state))

    def _recount(self) -> str:
        command = [sys.executable, "manage.py", "recount", "--check", "--verbosity", "0"]
        done = subprocess.run(command, env=self.site.env, cwd=ROOT, capture_output=True, text=True)
        if done.returncode == 0:
            return ""
        said = (done.stdout + done.stderr)[-1500:]
        about = {pk: self.site.rows(REVIEWS_OF.format(pk)) for pk in DRIFTED.findall(said)[:3]}
        return f"{said} {json.dumps(about)}" if about else said
