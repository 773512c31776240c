"""Makes the calls of the walk, looks at what they answer, and prints a line for each."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from label_studio_sdk.core.api_error import ApiError
from pydantic import BaseModel


class Failed(Exception):
    """An answer that is not what the call should give."""


class Walk:
    """Makes the calls, counts their requests, and remembers what failed."""

    def __init__(self) -> None:
        self.failures = 0
        self.calls = 0
        self.requests = 0
        self.http = httpx.Client(timeout=60, follow_redirects=True, event_hooks={"request": [self._count]})

    def _count(self, request: httpx.Request) -> None:
        self.requests += 1

    def say(self, name: str, call: Callable[[], Any], expect: Callable[[Any], Any] | None = None) -> Any:
        """Call, look at the types and at what is expected, print. Gives what was answered, also where that
        was wrong."""
        self.calls += 1
        answer = None
        try:
            answer = call()
            look_at_types(answer)
            if expect is not None and not expect(answer):
                raise Failed(f"not as expected: {short(answer)}")
        except Exception as error:  # whatever it is, it is the line to print
            self.failed(name, error)
        else:
            print(f"ok   {name}: {short(answer)}", flush=True)
        return answer

    def failed(self, name: str, error: Exception) -> None:
        self.failures += 1
        said = (
            f"{error.status_code} {error.body}"
            if isinstance(error, ApiError)
            else f"{type(error).__name__}: {error}"
        )
        print(f"FAIL {name}: {' '.join(said.split())[:400]}", flush=True)

    def refused(self, name: str, status: int, call: Callable[[], Any]) -> None:
        """A refusal has its status and takes one request: the SDK asks again after 408, 409, 429 and 5xx."""
        before = self.requests
        self.say(f"refused {status}: {name}", lambda: self._refusal(call), lambda got: got == status)
        taken = self.requests - before
        if taken != 1:
            self.failures += 1
            print(f"FAIL {name}: the refusal took {taken} requests", flush=True)

    @staticmethod
    def _refusal(call: Callable[[], Any]) -> int:
        try:
            call()
        except ApiError as error:
            return error.status_code or 0
        raise Failed("was not refused")


def look_at_types(answer: Any) -> None:
    """The SDK takes any answer and warns only when it is written out again. So write it out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for model in models(answer):
            model.model_dump_json()


def models(answer: Any) -> Iterator[BaseModel]:
    if isinstance(answer, BaseModel):
        yield answer
    elif isinstance(answer, list | tuple):
        for item in answer:
            yield from models(item)


def short(answer: Any) -> str:
    if isinstance(answer, list):
        return f"{len(answer)} items" + (f", first {short(answer[0])}" if answer else "")
    text = " ".join(str(answer).split())
    return text if len(text) <= 100 else text[:100] + "…"


@contextmanager
def carrying_on(walk: Walk, name: str) -> Iterator[None]:
    """A step that cannot go on, because what it needs has failed before, is a failure and not the end."""
    try:
        yield
    except Exception as error:
        walk.failed(f"{name} (broke off)", error)
