"""Generates typed clients of a running site, checks them, and calls the site with each: `make clients`.

Python: every module must import and mypy find nothing. TypeScript: tsc must find nothing. The folder keeps
both; it is made anew each time.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).parent
SCRIPTS = sysconfig.get_path("scripts")
PACKAGE = "countersign_client"
# The generator's own `__exit__` passes what it gets on, and says `object` of it.
MYPY = f"[mypy]\nstrict = true\n[mypy-{PACKAGE}.client]\ndisable_error_code = arg-type\n"
TSC = "--strict --target es2022 --module nodenext --moduleResolution nodenext --lib es2022,dom"
IMPORT_ALL = f"""
import importlib, pkgutil, {PACKAGE}
names = [name for _, name, _ in pkgutil.walk_packages({PACKAGE}.__path__, "{PACKAGE}.")]
for name in names:
    importlib.import_module(name)
print(len(names), "modules imported")
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--demo", type=Path, required=True, help="the demo.json of a running `make run`")
    options.add_argument("--folder", type=Path, required=True, help="where the clients are written")
    asked = options.parse_args()
    demo = json.loads(asked.demo.read_text())
    tokens = [demo["accounts"][name]["token"] for name in ("lead", "reviewer", "annotator")]
    made = Made(asked.folder.resolve(), demo["base_url"], tokens)
    made.python()
    made.typescript()


class Made:
    """The folder of both clients, and the site that they are of."""

    def __init__(self, folder: Path, base: str, tokens: list[str]) -> None:
        self.folder, self.walk = folder, [base, *tokens]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with urlopen(f"{base}/api/schema/?format=json", timeout=60) as answer:
            (folder / "openapi.json").write_bytes(answer.read())

    def python(self) -> None:
        generate = ["generate", "--path", "openapi.json", "--meta", "none", "--fail-on-warning"]
        self.run(f"{SCRIPTS}/openapi-python-client", *generate, "--output-path", PACKAGE)
        shutil.copy(HERE / "walk.py", self.folder)
        (self.folder / "mypy.ini").write_text(MYPY)
        self.run(sys.executable, "-c", IMPORT_ALL)
        self.run(sys.executable, "-m", "mypy", "walk.py", PACKAGE)
        self.run(sys.executable, "walk.py", *self.walk)

    def typescript(self) -> None:
        for name in ("package.json", "package-lock.json", "walk.ts"):
            shutil.copy(HERE / name, self.folder)
        self.run("npm", "ci", "--silent", "--no-audit", "--no-fund")
        self.run("npx", "openapi-typescript", "openapi.json", "-o", "countersign.d.ts")
        self.run("npx", "tsc", *TSC.split(), "walk.ts")
        self.run("node", "walk.js", *self.walk)

    def run(self, *command: str) -> None:
        print("$", *(part for part in command if part not in self.walk and "\n" not in part), flush=True)
        # The generator formats what it writes with the ruff that is installed beside it.
        there = {**os.environ, "PATH": os.pathsep.join([SCRIPTS, os.environ["PATH"]])}
        if code := subprocess.run(command, cwd=self.folder, env=there).returncode:
            sys.exit(code)


if __name__ == "__main__":
    main()
