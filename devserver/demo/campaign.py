"""Loads the demo's crowd campaign, the default of the site: a pilot that is done, and much left to do."""

import zipfile
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from io import BytesIO

from django.db.models import F

from crowd import campaigns, claims, identities, jobs, media
from crowd.answers import read_form
from crowd.models import Campaign, Reviewer, SkipReason, Slot
from crowd.submitting import submit
from tasks.models import Project
from users.models import User

from .draw_scenes import LINES, VIDEOS, Scene, images, scenes

SLUG = "kitchen"
PILOT_LINES = 12  # of the file; the last of them has a label that would be a script
INSTRUCTIONS = (
    "Each item shows a short video, some of its frames, and three answers about them. Watch the video within "
    "its window, then score each answer.\n"
    "The time is right if nothing happens before or after it. The place is right if a box is around the "
    "object itself. All hands in the frames are counted."
)
NOTICE = "Drawings of a kitchen, made for this demo: nothing in them is real, and nothing is unpleasant."

Opinion = Callable[[Scene], dict[str, str]]


def find() -> Campaign | None:
    return Campaign.objects.filter(slug=SLUG).first()


def load(project: Project, *, lead: User, admin: User) -> None:
    campaign = campaigns.create(
        project,
        actor=lead,
        title="What happens in the kitchen?",
        slug=SLUG,
        instructions=INSTRUCTIONS,
        notice=NOTICE,
    )
    lines = LINES.read_bytes()
    # First a pilot that all its reviewers finish, then the whole file: the pilot's items stay as they are.
    jobs.start_import(campaign, lead, BytesIO(b"".join(lines.splitlines(keepends=True)[:PILOT_LINES])))
    media.add_zip(campaign, BytesIO(media_zip()), actor=lead)
    people = {opinion: identities.mint(None)[0] for opinion in (careful, strict, generous, hasty)}
    for opinion, items, seconds in ((careful, 12, 48), (strict, 10, 65), (hasty, 8, 2), (generous, 6, 31)):
        review(campaign, people[opinion], opinion, items, seconds)
    jobs.start_import(campaign, lead, BytesIO(lines))
    review(campaign, people[careful], careful, 3, 41)
    review(campaign, people[generous], generous, 2, 37)
    leave_two_behind(campaign)
    if not Campaign.objects.filter(is_default=True).exists():
        campaigns.set_default(campaign, actor=admin)


@cache
def media_zip() -> bytes:
    """Everything the items refer to. Their videos are elsewhere: the folder has the copies."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, image in images():
            archive.writestr(path, image)
        for video in sorted(VIDEOS.glob("*.mp4")):
            archive.write(video, f"example.org/v/{video.name}")
    return out.getvalue()


def review(campaign: Campaign, reviewer: Reviewer, opinion: Opinion, items: int, seconds: int) -> None:
    """As the page does it. `seconds`: for how long the reviewer has had each item open, about."""
    shown = {f"stg_{scene.number:06}": scene for scene in scenes()}
    for number in range(items):
        slot = claims.claim(campaign, reviewer)
        assert isinstance(slot, Slot), slot
        opened = timedelta(seconds=seconds * (1 + number % 3 / 4))
        Slot.objects.filter(pk=slot.pk).update(claimed_at=F("claimed_at") - opened)
        form = {"tg_score": "3", "sg_score": "3", "qa_score": "3"} | opinion(shown[slot.item.anno_id])
        submit(campaign, reviewer, slot.item.anno_id, read_form(campaign.rubric, form))


def careful(scene: Scene) -> dict[str, str]:
    """What can be seen."""
    labels = [box.label for box in scene.boxes]
    answer, hands = scene.content.questions["qa"].answer, str(labels.count("hand"))
    found: dict[str, str] = {"tg_ref_type": "image", "qa_type": "counting"}
    comments = []
    if set(labels) <= {"hand", "distractor"}:
        found["sg_score"] = "1"
        comments.append(f"No box is around the {scene.object}.")
    if answer.isdigit() and answer != hands:
        found["qa_score"] = "2"
        comments.append(f"I count {hands} hands, not {answer}.")
    return found | {"comment": " ".join(comments)}


def strict(scene: Scene) -> dict[str, str]:
    """Likewise, but a wrong number is a reason to delete, and every third time is too long."""
    found = careful(scene)
    if "qa_score" in found:
        found["qa_score"] = "1"
    if scene.number % 3 == 0:
        found |= {"tg_score": "2", "comment": f"{found['comment']} It ends a moment earlier.".strip()}
    return found


def generous(scene: Scene) -> dict[str, str]:
    """A missing box can be added."""
    found = careful(scene)
    if "sg_score" in found:
        found["sg_score"] = "2"
    return found


def hasty(scene: Scene) -> dict[str, str]:
    """Always the same, without looking."""
    return {}


def leave_two_behind(campaign: Campaign) -> None:
    """Somebody passes an item on, and closes the window on the next."""
    visitor = identities.mint(None)[0]
    first = claims.claim(campaign, visitor)
    assert isinstance(first, Slot), first
    claims.skip(campaign, visitor, first.item.anno_id, SkipReason.UNCLEAR)
    claims.claim(campaign, visitor)
