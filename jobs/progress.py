"""How far something is: the same call for a job, a command's progress bar, or nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from tqdm import tqdm


class Progress(Protocol):
    def __call__(self, done: int, total: int | None = None, sentence: str = "") -> None:
        """`total` is None until known. May raise to stop the work."""


def no_progress(done: int, total: int | None = None, sentence: str = "") -> None:
    """Nobody is watching."""


@contextmanager
def progress_bar(*, unit: str, is_shown: bool = True) -> Iterator[Progress]:
    """For management commands: a bar on standard error."""
    with tqdm(unit=unit, disable=not is_shown) as bar:

        def show(done: int, total: int | None = None, sentence: str = "") -> None:
            bar.total = total
            bar.set_description_str(sentence, refresh=False)
            bar.update(done - bar.n)

        yield show
