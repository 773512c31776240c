"""Query parameters that Label Studio's clients send and that change nothing here. All others are refused."""

import re
from typing import NamedTuple

DATA_MANAGER = r"(dm|tasks|annotations|drafts|comments|users|label_links|projects/\d+/label-stream-history)"


class Ignored(NamedTuple):
    name: str
    routes: str  # a regular expression: what follows /api/
    reason: str


IGNORED = (
    Ignored("project", DATA_MANAGER, "the data manager adds it to every request"),
    Ignored("interaction", DATA_MANAGER, "what the person did in the data manager: for statistics"),
    Ignored("tabID", r"dm/actions", "the tab in which an action was chosen; its tasks are in the body"),
    Ignored("projectID", r"(tasks|dm/tasks)", "beside `project`"),
    Ignored("projectId", DATA_MANAGER, "beside `project`"),
    Ignored("taskID", r"(annotations|drafts)/\d+", "the editor names the task of an annotation again"),
    Ignored("resolve_uri", r"tasks", "media addresses are always ones that a browser can open"),
    Ignored("members_limit", r"projects", "lists of members inside projects are not cut"),
    Ignored("expand", r"label_links", "there are no labels to expand"),
    Ignored("project", r"(ml|templates)/?$", "of what has none of these"),
    Ignored("include_static", r"ml/?$", "there are no machine-learning backends"),
    Ignored("async_postprocess", r"annotation-reviews", "nothing is postponed"),
    Ignored("download_resources", r"projects/\d+/export/?$", "the files of tasks are not in JSON and tables"),
    Ignored("expand_created_by", r"comments/\d+", "of a deletion, which has no answer"),
)
# Read, but not in the API's description, where it would be a second parameter `ids`.
OTHER_SPELLINGS = (Ignored("ids[]", r"projects/\d+/export/?$", "`ids`, as browsers write lists"),)
_ROUTES = [(one.name, re.compile(f"/api/{one.routes}")) for one in IGNORED + OTHER_SPELLINGS]


def is_ignored(name: str, path: str) -> bool:
    return any(name == known and routes.match(path) for known, routes in _ROUTES)
