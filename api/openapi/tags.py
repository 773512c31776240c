"""Every operation has one tag: the kind of thing it is about."""

import re

# The first of these that an address begins with, from /api/ on. Ids are left out of it.
TAGS = {
    "annotation-reviews": "reviews",
    "annotation-history": "history",
    "annotations/drafts": "drafts",
    "annotations/corrections": "corrections",
    "annotations/changes": "corrections",
    "annotations/accept": "reviews",
    "annotations/reject": "reviews",
    "annotations/fix-and-accept": "reviews",
    "annotations/bulk-review": "reviews",
    "annotations/reopen": "reviews",
    "annotations/contest": "reviews",
    "bulk-reviews": "reviews",
    "tasks/annotations/drafts": "drafts",
    "tasks/annotations": "annotations",
    "tasks/drafts": "drafts",
    "projects/import": "imports",
    "projects/reimport": "imports",
    "projects/imports": "imports",
    "projects/file-uploads": "imports",
    "import": "imports",
    "imports": "imports",
    "projects/uploads": "media",
    "projects/export": "exports",
    "projects/exports": "exports",
    "projects/roles": "members",
    "projects/members": "members",
    "projects/annotators": "members",
    "projects/reassign": "members",
    "projects/ownerless": "members",
    "projects/tasks/assignees": "assignments",
    "projects/tasks": "tasks",
    "projects/annotation-history": "history",
    "projects/corrections": "corrections",
    "projects/disputes": "reviews",
    "projects/review-queue": "queue",
    "projects/leases": "queue",
    "projects/next": "queue",
    "projects/label-stream-history": "queue",
    "leases": "queue",
    "projects/dead-ends": "inbox",
    "tasks/dead-end": "inbox",
    "current-user": "users",
    "token": "tokens",
    "auth": "tokens",
    "users/tokens": "tokens",
    "dm": "data manager",
    "webhook-deliveries": "webhooks",
    "label_links": "label studio",
    "ml": "label studio",
    "templates": "label studio",
    "version": "label studio",
    "data": "media",
}


def tag_of(path: str) -> str:
    words = re.sub(r"/{\w+}", "", path.removeprefix("/api/").strip("/")).split("/")
    for length in range(len(words), 0, -1):
        if tag := TAGS.get("/".join(words[:length])):
            return tag
    return words[0]
