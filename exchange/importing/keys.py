"""Under which key of task data a file is stored: the one that the label configuration shows it from."""

from tasks import media
from tasks.errors import Refused
from tasks.labelconfig import parse
from tasks.models import Project
from users.sentences import sentence as _


def key_of(project: Project, name: str) -> str:
    """`name` is that of the file. Raises Refused if it could be several."""
    tags = [tag for tag in parse(project.label_config).objects.values() if tag["value"]]
    kind = media.kind_of(name)
    fitting = [tag for tag in tags if kind and tag["type"] in kind.tags]
    keys = {tag["value"] for tag in fitting or tags}
    if len(keys) > 1:
        known = ", ".join(sorted(keys))
        raise Refused(
            "which_key",
            _(
                "%(name)s: the label configuration could show it as %(known)s. Import a CSV or JSON"
                " file that names the key instead.",
                name=name or _("The text"),
                known=known,
            ),
            field="file",
        )
    return keys.pop() if keys else kind.key if kind else "text"


def is_shown_by_address(project: Project, key: str) -> bool:
    """Whether the label configuration loads the text from a URL, instead of showing the value itself."""
    tags = parse(project.label_config).objects.values()
    return any(tag["value"] == key and tag.get("valueType") == "url" for tag in tags)
