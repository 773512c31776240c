"""Single query parameters: what they accept, and that a refusal names them."""

import pytest
from rest_framework.exceptions import ValidationError

from api.filters.parameters import boolean_from, id_from


@pytest.mark.parametrize(
    ("sent", "found"), [(None, None), ("", None), ("7", 7), (7, 7), (str(2**63 - 1), 2**63 - 1)]
)
def test_an_id_is_read(sent, found):
    assert id_from(sent, "view") == found


@pytest.mark.parametrize("sent", ["x", "-1", "7, 8", "1.5", "²", "1_0", "٣", str(2**63), True])
def test_anything_else_is_refused_by_name(sent):
    with pytest.raises(ValidationError) as refused:
        id_from(sent, "view")

    assert list(refused.value.detail) == ["view"]


@pytest.mark.parametrize(
    ("sent", "found"),
    [(None, False), ("", False), ("true", True), ("True", True), ("1", True), (True, True), ("false", False)],
)
def test_a_boolean_is_read(sent, found):
    assert boolean_from(sent, "force") is found


@pytest.mark.parametrize("sent", ["maybe", "2", []])
def test_no_boolean_is_refused_by_name(sent):
    with pytest.raises(ValidationError) as refused:
        boolean_from(sent, "force")

    assert list(refused.value.detail) == ["force"]
