"""A public campaign under attack by its own crowd.

`python -m devserver.embedded -- python -m bench.crowd_soak 24 100`: over HTTP, against a web server of its
own, so many people review so many items, three times each, until nothing is left. Each has two tabs: the
second sends the same again, or something else. One in ten times somebody vanishes with an item in hand, and
perhaps sends it later; leases last one second. In the second run the web server's processes are killed
meanwhile.

Prints a line of JSON for each run. The exit code is 1 if an item did not get exactly three counted reviews
by three people, if something that was typed is neither stored nor on the page that refused it, if an answer
was an error, if `/stats` is not what a recount says, or if `recount --check` found drift.
"""

import html
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import requests

from bench.database import empty_database, run
from bench.queue_soak import recount, server
from bench.site import descendants

if TYPE_CHECKING:
    from crowd.models import Campaign

TARGET, LEASE_SECONDS, RUN_SECONDS, KILL_EVERY = 3, 1, 240, 1.5
SETTINGS = {
    "CROWD_IDENTITIES_PER_HOUR": "100000",
    "THROTTLE_CROWD_REVIEWER": "100000/minute",
    "THROTTLE_CROWD_ADDRESS": "1000000/minute",
}
ITEM = re.compile(r'name="anno_id" value="([^"]+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
REASON = re.compile(r'data-reason="(\w+)"')
# What a server that was killed answers: nothing.
LOST = 0


@dataclass(frozen=True)
class Form:
    """An item in an open tab, of one identity."""

    session: requests.Session
    item: str
    token: str


@dataclass
class Log:
    answers: Counter[str] = field(default_factory=Counter)
    saved: set[str] = field(default_factory=set)  # comments the server said it has
    lost: list[str] = field(default_factory=list)  # what was typed, and is not on the page that refused it
    errors: list[str] = field(default_factory=list)


class Person:
    """`may_be_lost`: the server is killed now and then, so that requests are sent again."""

    def __init__(self, number: int, address: str, *, may_be_lost: bool):
        self.number, self.address, self.may_be_lost = number, address, may_be_lost
        self.chance, self.log, self.typed = random.Random(number), Log(), 0
        self.session = requests.Session()
        self.late: list[Form] = []

    def work(self, deadline: float) -> Log:
        while time.monotonic() < deadline:
            opened = self._open()
            if opened == "all_done":
                for form in self.late:
                    self._send(form, self._answers())
                return self.log
            if not isinstance(opened, Form):
                time.sleep(0.2)
                self.session = requests.Session() if opened == "all_you_can" else self.session
            elif self.chance.random() < 0.1:
                self.late += [opened] if self.chance.random() < 0.5 else []
                self.session = requests.Session()
            else:
                self._review(opened)
        self.log.errors.append("not finished in time")
        return self.log

    def _review(self, first: Form) -> None:
        second = self._open()
        if self.chance.random() < 0.1:
            time.sleep(LEASE_SECONDS * self.chance.uniform(0.5, 1.5))
        answers = self._answers()
        status = self._send(first, answers)
        if not isinstance(second, Form) or second.item != first.item or status != 302:
            return
        if self.chance.random() < 0.5:
            self._send(second, answers)
        else:
            other = self._answers()
            if self._send(second, other) == 409 and self.chance.random() < 0.5:
                self._send(second, other | {"replace": "1"})

    def _open(self) -> Form | str:
        status, text = self._ask("GET", self.session)
        if found := ITEM.search(text):
            token = TOKEN.search(text)
            assert token
            return Form(self.session, found[1], token[1])
        reason = REASON.search(text)
        if status not in (200, LOST):
            self.log.errors.append(f"GET: {status} {text[:300]}")
        return reason[1] if reason else "nothing"

    def _answers(self) -> dict[str, str]:
        self.typed += 1
        scores = {f"{question}_score": str(self.chance.randint(1, 3)) for question in ("tg", "sg", "qa")}
        return scores | {"comment": f"<{self.number}> wrote & typed, {self.typed}"}

    def _send(self, form: Form, answers: dict[str, str]) -> int:
        body = answers | {"anno_id": form.item, "csrfmiddlewaretoken": form.token}
        status, text = self._ask("POST", form.session, body)
        while status == LOST and self.may_be_lost:
            # The browser keeps the form; they send it again.
            time.sleep(0.3)
            status, text = self._ask("POST", form.session, body)
        self.log.answers[str(status)] += 1
        if status == 302:
            self.log.saved.add(answers["comment"])
        elif answers["comment"] not in html.unescape(text):
            self.log.lost.append(f"{status}: {answers['comment']}")
        if status not in (302, 409, 503):
            self.log.errors.append(f"POST: {status} {text[:300]}")
        return status

    def _ask(self, method: str, session: requests.Session, body: Any = None) -> tuple[int, str]:
        path = "/c/soak/review" + ("/submit" if body else "")
        try:
            answer = session.request(
                method, self.address + path, data=body, timeout=60, allow_redirects=False
            )
            return answer.status_code, answer.text
        except requests.RequestException as error:
            if not self.may_be_lost:
                self.log.errors.append(f"{method}: {error!r}")
            return LOST, ""


def soak(name: str, people: int, items: int, *, kills: bool) -> bool:
    """Whether nothing went wrong."""
    from django.db import connection

    campaign = _prepare(items)
    connection.close()
    with server(**SETTINGS) as address:
        crowd = [Person(number, address, may_be_lost=kills) for number in range(people)]
        began, killed = time.monotonic(), [0]
        stop = Event()
        killer = Thread(target=_kill_now_and_then, args=(stop, killed))
        if kills:
            killer.start()
        with ThreadPoolExecutor(people) as pool:
            logs = list(pool.map(lambda person: person.work(began + RUN_SECONDS), crowd))
        seconds = time.monotonic() - began
        stop.set()
        if kills:
            killer.join()
        stats = _stats(address)
    line = {"soak": name, "people": people, "lease_seconds": LEASE_SECONDS, "seconds": round(seconds, 1)}
    return _report(line | {"killed": killed[0]}, campaign, logs, stats)


def _prepare(items: int) -> "Campaign":
    from crowd import campaigns
    from crowd.importing.importer import import_items
    from tests.factories import build_house

    house = build_house()
    campaign = campaigns.create(
        house.project, actor=house.lead, title="Soak", target=TARGET, lease_seconds=LEASE_SECONDS
    )
    lines = "".join(json.dumps({"anno_id": f"item-{number}"}) + "\n" for number in range(items))
    import_items(campaign, BytesIO(lines.encode()))
    return campaign


def _kill_now_and_then(stop: Event, killed: list[int]) -> None:
    """kill -9 of a process that serves, at a random moment; gunicorn starts another."""
    chance = random.Random(1)
    while not stop.wait(KILL_EVERY):
        [master] = [pid for pid in descendants(os.getpid()) if _is_gunicorn(pid) and descendants(pid)]
        if workers := sorted(descendants(master)):
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed[0] += 1


def _is_gunicorn(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"gunicorn" in file.read()
    except OSError:
        return False


def _stats(address: str) -> dict[str, int]:
    for _ in range(20):
        try:
            return requests.get(f"{address}/c/soak/stats", timeout=10).json()
        except requests.RequestException:
            time.sleep(0.5)
    return {}


def _report(line: dict[str, Any], campaign: "Campaign", logs: list[Log], stats: dict[str, int]) -> bool:
    from django.db.models import Count, Q

    from crowd.models import Campaign, Item, Status, Submission

    counted = Q(submissions__status=Status.COUNTED)
    reviews = Count("submissions", filter=counted)
    people = Count("submissions__reviewer", filter=counted, distinct=True)
    found = Item.objects.annotate(reviews=reviews, people=people).values_list("reviews", "people")
    stored = Submission.objects.values_list("comment", flat=True)
    saved = set().union(*(log.saved for log in logs))
    wanted = {
        "annos_total": len(found),
        "annos_fully_done": len(found),
        "reviews_total": TARGET * len(found),
        "unique_reviewers": Submission.objects.filter(status=Status.COUNTED)
        .values("reviewer")
        .distinct()
        .count(),
        "target_per_anno": TARGET,
    }
    errors = [error for log in logs for error in log.errors]
    lost = [text for log in logs for text in log.lost]
    line |= {
        "items": len(found),
        "reviews_and_people_of_an_item": sorted(set(found)),
        "stored": dict(Counter(Submission.objects.values_list("status", flat=True))),
        "answers": dict(sum((log.answers for log in logs), Counter())),
        "saved_but_not_stored": len(saved - set(stored)),
        "stored_twice": sum(times > 1 for times in Counter(stored).values()),
        "refused_and_not_on_the_page": len(lost),
        "stats_are_right": stats == wanted,
        "completed": Campaign.objects.get(pk=campaign.pk).completed_at is not None,
        "recount": recount(),
        "errors": len(errors),
    }
    print(json.dumps(line), flush=True)
    for text in [*errors[:5], *lost[:5]]:
        print(text, file=sys.stderr)
    return (
        line["reviews_and_people_of_an_item"] == [(TARGET, TARGET)]
        and not any(line[name] for name in ("saved_but_not_stored", "stored_twice", "errors"))
        and not lost
        and line["stats_are_right"]
        and line["recount"].startswith("no drift")
    )


def main(people: int, items: int) -> None:
    passed = []
    for name, kills in [("some vanish, leases are short", False), ("and processes are killed", True)]:
        with empty_database():
            passed.append(soak(name, people, items, kills=kills))
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    run(main, default=[24, 100])
