"""Downloads the built web application of Label Studio, which is not part of this repository: `make frontend`.

The wheel is downloaded by pip and never installed (it pins Django). Only the files listed in frontend.sha256,
licences included, are extracted, and only if their checksums match.
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


class WrongFiles(Exception):
    """The files are not the tested ones."""


def table() -> dict[str, str]:
    """Path inside the wheel → sha256, as `sha256sum` writes it."""
    rows = (line.split(maxsplit=1) for line in TABLE.read_text().splitlines() if line)
    return {path: digest for digest, path in rows}


def target_of(path: str) -> Path:
    """A flat folder: the bundle loads its parts from beside the running script."""
    name = PurePosixPath(path)
    return FOLDER / (f"label-studio.{name.name}.txt" if "licenses" in name.parts else name.name)


def missing() -> Iterator[Path]:
    """Files that are absent or have another checksum."""
    for path, digest in table().items():
        target = target_of(path)
        if not target.is_file() or sha256(target.read_bytes()) != digest:
            yield target


def is_present() -> bool:
    """Whether the files are there. They were checked when they were downloaded."""
    return all(target_of(path).is_file() for path in table())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def unpack(wheel: Path) -> int:
    """Extract the listed files, all or none. Returns their size in bytes."""
    with zipfile.ZipFile(wheel) as archive:
        contents = {path: checked(archive, path, digest) for path, digest in table().items()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        # Under another name first, so that a broken write never leaves half a file.
        part = target_of(path).with_name(f"{target_of(path).name}.part")
        part.write_bytes(content)
        part.replace(target_of(path))
    return sum(map(len, contents.values()))


def checked(archive: zipfile.ZipFile, path: str, digest: str) -> bytes:
    try:
        content = archive.read(path)
    except KeyError:
        raise WrongFiles(f"{WHEEL} has no {path}.")
    if sha256(content) != digest:
        raise WrongFiles(f"{path} of {WHEEL} is not the file in {TABLE.name}. Nothing was written.")
    return content


def download(folder: Path) -> Path:
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(folder),
    ]
    if subprocess.run([*pip(), "download", *options, WHEEL]).returncode:
        raise WrongFiles(f"pip could not download {WHEEL}; its output is above.")
    return next(folder.glob("*.whl"))


def pip() -> list[str]:
    """This Python's pip; in an environment without one, that of its base Python."""
    has_pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0
    return [sys.executable if has_pip else getattr(sys, "_base_executable", sys.executable), "-m", "pip"]


def fetch() -> str:
    """Download what is missing. Returns a sentence for the terminal."""
    if not list(missing()):
        return f"All {len(table())} files of {WHEEL} are in {FOLDER}, with the right checksums."
    with tempfile.TemporaryDirectory() as folder:
        size = unpack(download(Path(folder)))
    megabytes = f"{size / 1e6:.1f} MB"
    return (
        f"{len(table())} files of {WHEEL} ({megabytes}, licences included) checked and written to {FOLDER}."
    )


if __name__ == "__main__":
    try:
        print(fetch())
    except WrongFiles as error:
        sys.exit(f"make frontend: {error}")
