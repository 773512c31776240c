"""A dataset repository on a hub that speaks the Hugging Face protocol, through its own library.

The library is an extra (requirements-hub.txt), imported when it is needed.
"""

import glob
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from tasks.errors import Refused
from users.sentences import sentence as _

from .review_file import LIST, PATH
from .review_source import MAX_FILE, MAX_LIST

TIMEOUT_SECONDS = 30  # for each read and write; the library itself would wait for ever
RETRY_AFTER_MAX = 3600
MAX_LEFT_OUT = 1000


class Unavailable(Exception):
    """The hub did not answer, or asked to come back later; `after`: in so many seconds, if it said so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Hub:
    """`Refused` with a sentence is raised where repeating would not help; Unavailable, where it would."""

    def __init__(self) -> None:
        """Raises Refused: no token, no library."""
        refuse_unprepared()
        from huggingface_hub import HfApi, set_client_factory
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()
        set_client_factory(_client)
        self.api = HfApi(endpoint=settings.HF_ENDPOINT, token=settings.HF_TOKEN, library_name="countersign")

    def commit(self, repo: str, files: Mapping[str, bytes | Path], message: str) -> None:
        """Add or replace files. What is there already with the same content is left out by the library, so
        that repeating a commit changes nothing."""
        from huggingface_hub import CommitOperationAdd

        additions = [CommitOperationAdd(path, content) for path, content in files.items()]
        with _errors(repo):
            self.api.create_commit(repo, additions, commit_message=message, repo_type="dataset")

    def create(self, repo: str) -> None:
        """A private repository, unless there is one."""
        with _errors(repo):
            self.api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)

    def download(self, repo: str, folder: Path) -> list[str]:
        """The reviews and their list. Returns the paths that were left out, for their size or name."""
        with _errors(repo):
            commit = self.api.repo_info(repo, repo_type="dataset").sha
            tree = self.api.list_repo_tree(repo, recursive=True, revision=commit, repo_type="dataset")
            left_out = []
            for entry in tree:
                size, path = getattr(entry, "size", None), entry.path  # folders have no size
                if size is not None and not _is_wanted(path, size):
                    left_out.append(path)
                    if len(left_out) > MAX_LEFT_OUT:
                        detail = _(
                            "%(repo)s has more than %(max_left_out)s files that are no reviews.",
                            repo=repo,
                            max_left_out=format(MAX_LEFT_OUT, ","),
                        )
                        raise Refused("too_many_files", detail)
            self.api.snapshot_download(
                repo,
                repo_type="dataset",
                revision=commit,
                local_dir=folder,  # as files: links into the library's cache would not be followed
                ignore_patterns=[glob.escape(path) for path in left_out],
            )
        return left_out


def _is_wanted(path: str, size: int) -> bool:
    if path == LIST:
        return size <= MAX_LIST
    return size <= MAX_FILE and PATH.match(f"/{path}") is not None and path.startswith("reviews/")


def refuse_unprepared() -> None:
    if not settings.HF_TOKEN:
        detail = _("There is no token for the hub: set HF_TOKEN for the web server and the workers.")
        raise Refused("no_token", detail)
    if find_spec("huggingface_hub") is None:
        detail = _("The library for the hub is not installed: pip install -r requirements-hub.txt")
        raise Refused("no_library", detail)


def _client() -> Any:
    """For all calls of the library in this process. It would repeat some of them itself, for half a minute;
    here the caller does, without holding a worker meanwhile."""
    from httpx2 import Client, Request, Response, TransportError

    class Once(Client):
        def send(self, request: Request, **options: Any) -> Response:
            try:
                response = super().send(request, **options)
            except TransportError as error:
                raise Unavailable(_no_connection(error)) from None
            if response.status_code == 429 or response.status_code >= 500:
                response.close()
                after = _seconds(response.headers.get("retry-after"))
                raise Unavailable(f"the hub answered {response.status_code}", after)
            return response

    return Once(follow_redirects=True, timeout=TIMEOUT_SECONDS)


def _no_connection(error: Exception) -> str:
    return f"no connection to the hub ({type(error).__name__})"


def _seconds(text: str | None) -> float | None:
    """Of a Retry-After; dates are not read."""
    return min(float(text), RETRY_AFTER_MAX) if text and text.isascii() and text.isdigit() else None


_SENTENCES = {
    401: "The hub does not accept the token (401): it is wrong or has expired. Set another HF_TOKEN.",
    403: "The token may not write to {repo} (403). Give it write access, or set another HF_TOKEN.",
    404: "There is no dataset {repo} on the hub that the token may see (404). Create it there, or with "
    "manage.py push_crowd --create-repository.",
}


@contextmanager
def _errors(repo: str) -> Iterator[None]:
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        # Not the library's own words: they have addresses and ids of requests.
        status = error.response.status_code
        sentence = _SENTENCES.get(status, "The hub refused the request for {repo} ({status}).")
        raise Refused("hub_refused", sentence.format(repo=repo, status=status)) from None
    except HTTPError as error:
        raise Unavailable(_no_connection(error)) from None
