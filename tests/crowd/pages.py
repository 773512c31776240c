"""How tests read the public pages of a campaign."""

import re

from django.test import Client

from crowd import identities
from crowd.identities import COOKIE
from crowd.models import Campaign, Reviewer

PAGE, SUBMIT, SKIP, KEEP = (f"/c/kettles/review{rest}" for rest in ("", "/submit", "/skip", "/keep"))
GOOD = {f"{key}_score": "3" for key in ("tg", "sg", "qa")}
OURS = {"Origin": "http://testserver"}


def shown(page) -> str:
    return re.search(r'name="anno_id" value="([^"]+)"', page.content.decode())[1]


def text(page) -> str:
    return page.content.decode()


def visitor(campaign: Campaign) -> tuple[Client, Reviewer]:
    """Somebody who has not opened anything yet, but has a cookie."""
    who, cookie = identities.mint(None)
    client = Client()
    client.cookies[COOKIE] = cookie
    return client, who
