import numpy as np
import pytest

from audits.maths import artefact
from users.errors import Refused


def test_arrays_come_back_and_equal_arrays_have_equal_hashes():
    arrays = {"weights": np.array([0.1, -2.5]), "comments": np.arange(3)}
    data, sha256 = artefact.pack(arrays)
    found = artefact.unpack(data, sha256)
    assert {name: array.tolist() for name, array in found.items()} == {
        "weights": [0.1, -2.5],
        "comments": [0, 1, 2],
    }
    assert artefact.pack(arrays) == (data, sha256)


def test_other_bytes_than_those_stored_are_refused():
    data, sha256 = artefact.pack({"weights": np.zeros(2)})
    with pytest.raises(Refused, match="not the one that was stored"):
        artefact.unpack(data[:-1] + b"x", sha256)


def test_python_objects_are_neither_written_nor_read():
    with pytest.raises(ValueError, match="allow_pickle"):
        artefact.pack({"weights": np.array([{}], dtype=object)})
