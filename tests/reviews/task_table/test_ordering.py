"""The order of the table's rows."""

import pytest

ALL = ["accepted", "rejected", "fixed", "untouched"]
A, R, F, U = ALL


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        (["tasks:id"], ALL),
        (["-tasks:id"], [U, F, R, A]),
        (["tasks:-id"], [U, F, R, A]),
        ("-tasks:id", [U, F, R, A]),
        (["-tasks:reviews_rejected"], [R, U, F, A]),
        (["tasks:reviewed_at"], [A, F, R, U]),
        (["-tasks:reviewed_at"], [F, A, U, R]),
        (["tasks:data.n"], [A, R, F, U]),
        (["-tasks:data.n"], [R, A, F, U]),
        (["tasks:avg_lead_time"], [A, R, F, U]),
        (["tasks:annotations_ids"], [A, R, F, U]),
        (["tasks:annotators"], [A, F, R, U]),
        (["tasks:reviewed", "tasks:id"], [R, U, A, F]),
        ([], ALL),
    ],
)
def test_order_has_rows_without_a_value_last_and_ties_by_id(found, ordering, expected):
    assert found(ordering=ordering) == expected
