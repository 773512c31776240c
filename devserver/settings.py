"""The product's settings, plus this app, which production does not install."""

from reviewsite.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "devserver"]  # noqa: F405
ROOT_URLCONF = "devserver.urls"
SINK_LINKS = [
    {
        "url_name": "sink",
        "title": "Webhook sink",
        "text": "Deliveries as they arrive, with a switch to make them fail.",
    }
]
if DEMO:  # noqa: F405
    START_PAGE_LINKS = SINK_LINKS
    START_PAGE_HINT = (
        "The demo's accounts are in the terminal of make run, and in demo.json in its data folder."
    )
