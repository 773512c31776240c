"""Walk through the unmodified label-studio-sdk and print one line for each call: ok or FAIL, its name, what
came back.

Runs in an environment of its own: `python walk.py URL TOKEN [--pat]`, or `--demo demo.json`. The token is one
of somebody who may create projects. With --pat the walk makes a personal access token first and goes on with
that. What it creates it deletes. The exit code is the number of failures.
"""

import argparse
import json
import logging
import sys
from pathlib import Path

from calls import Walk, carrying_on
from label_studio_sdk import LabelStudio
from legacy import LegacySteps
from steps import ORDER, Steps


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("base", nargs="?")
    options.add_argument("token", nargs="?")
    options.add_argument("--demo", type=Path, help="take both from this demo.json: its lead's")
    options.add_argument(
        "--pat", action="store_true", help="make a personal access token and go on with that"
    )
    asked = options.parse_args()
    if asked.demo:
        demo = json.loads(asked.demo.read_text())
        asked.base, asked.token = demo["base_url"], demo["accounts"]["lead"]["token"]
    if not asked.token:
        options.error("name a URL and a token, or --demo")
    logging.disable(logging.ERROR)
    walk = Walk()
    ls = LabelStudio(base_url=asked.base, api_key=asked.token, httpx_client=walk.http)
    pat = ls.tokens.create().token if asked.pat else None
    steps = Steps(walk, LabelStudio(base_url=asked.base, api_key=pat, httpx_client=walk.http) if pat else ls)
    for name in ORDER.split():
        with carrying_on(walk, name):
            getattr(steps, name)()
    with carrying_on(walk, "legacy"):
        LegacySteps(walk, asked.base, asked.token).all()
    if pat:
        ls.tokens.blacklist(refresh=pat)
    print(f"{walk.calls} calls, {walk.failures} failures", flush=True)
    return min(walk.failures, 100)


if __name__ == "__main__":
    sys.exit(main())
