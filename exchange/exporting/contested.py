"""Who signed a contested rejection stays out of what a reviewer exports: they may be the one who decides."""

from collections.abc import Collection

from .bodies import Body


def unnamed(task: Body, contested: Collection[int]) -> Body:
    """The task without the names of whoever acted on its `contested` annotations (ids), but their authors."""
    touched = [annotation for annotation in task["annotations"] if annotation["id"] in contested]
    for annotation in touched:
        for name in ("last_created_by", "updated_by"):
            if annotation[name] != annotation["completed_by"]:
                annotation[name] = None
        for review in (*annotation["reviews"], *annotation["review_history"]):
            review |= {"created_by": None, "undone_by": None}
    return task | {"updated_by": None, "comment_authors": []} if touched else task
