"""Fetches the built web application of Label Studio, which is never part of this repository: `make frontend`.

The wheel is fetched by the ordinary pip client and never installed (it pins Django). Only the files named in frontend.sha256
are taken out of it, licences included, and only if they are the very files that the table names.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

WHEEL = "label-studio==1.23.2"
HERE = Path(__file__).resolve().parent
TABLE = HERE / "frontend.sha256"
FOLDER = Path(os.environ.get("FRONTEND_DIR") or HERE.parent / "frontend") / "label-studio"


class Unfit(Exception):
    """The files are not the ones that were tried."""


def table() -> dict[str, str]:
    """Path inside the wheel → sha256, as `sha256sum` writes it."""
    rows = (line.split(maxsplit=1) for line in TABLE.read_text().splitlines() if line)
    return {path: digest for digest, path in rows}


def target_of(path: str) -> Path:
    """Flat: the bundle looks for its parts beside the script that is running. Licences of the wheel keep its name."""
    name = PurePosixPath(path)
    return FOLDER / (f"label-studio.{name.name}.txt" if "licenses" in name.parts else name.name)


def missing() -> Iterator[Path]:
    """Files that are absent or not the right ones."""
    for path, digest in table().items():
        target = target_of(path)
        if not target.is_file() or sha256(target.read_bytes()) != digest:
            yield target


def is_present() -> bool:
    """Whether the files were fetched. They were checked then; this only looks."""
    return all(target_of(path).is_file() for path in table())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def unpack(wheel: Path) -> int:
    """Take the named files out of `wheel`, all or none. Returns how many bytes they are."""
    with zipfile.ZipFile(wheel) as archive:
        contents = {path: checked(archive, path, digest) for path, digest in table().items()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        part = target_of(path).with_name(f"{target_of(path).name}.part")
        part.write_bytes(content)
        part.replace(target_of(path))
    return sum(map(len, contents.values()))


def checked(archive: zipfile.ZipFile, path: str, digest: str) -> bytes:
    try:
        content = archive.read(path)
    except KeyError:
        raise Unfit(f"{WHEEL} has no {path}.")
    if sha256(content) != digest:
        raise Unfit(f"{path} of {WHEEL} is not the file in {TABLE.name}. Nothing was written.")
    return content


def download(folder: Path) -> Path:
    asked = [
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(folder),
        WHEEL,
    ]
    if subprocess.run([*pip(), *asked]).returncode:
        raise Unfit(f"pip could not download {WHEEL}; what it said is above.")
    return next(folder.glob("*.whl"))


def pip() -> list[str]:
    """This Python's pip, or, in an environment made without one, that of the Python it came from."""
    has_pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0
    return [sys.executable if has_pip else getattr(sys, "_base_executable", sys.executable), "-m", "pip"]


def fetch() -> str:
    """Fetch what is missing. Returns a sentence that says what was done."""
    if not list(missing()):
        return f"The {len(table())} files of {WHEEL} are in {FOLDER} and are the right ones."
    with tempfile.TemporaryDirectory() as folder:
        size = unpack(download(Path(folder)))
    return f"{len(table())} files of {WHEEL} ({size / 1e6:.1f} MB, licences included) checked and put into {FOLDER}."


if __name__ == "__main__":
    try:
        print(fetch())
    except Unfit as unfit:
        sys.exit(f"make frontend: {unfit}")
