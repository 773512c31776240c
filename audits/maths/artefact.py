"""Fitted arrays as bytes with a hash: numpy's npz format without Python objects, so that reading runs no
code."""

import hashlib
from collections.abc import Mapping
from io import BytesIO

import numpy as np

from users.errors import Refused
from users.sentences import sentence as _


def pack(arrays: Mapping[str, np.ndarray]) -> tuple[bytes, str]:
    """The file and its SHA-256. Equal arrays give equal bytes."""
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue(), hashlib.sha256(file.getvalue()).hexdigest()


def unpack(data: bytes | memoryview, sha256: str) -> dict[str, np.ndarray]:
    """Raises Refused if these are not the bytes that were stored."""
    data = bytes(data)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Refused(
            "artefact_changed", _("This model's file is not the one that was stored. Fit it again.")
        )
    with np.load(BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
