"""A selection of the table's rows."""

ALL = ["accepted", "rejected", "fixed", "untouched"]
A, R, F, U = ALL


def test_selection_keeps_or_leaves_out(table, found):
    assert found(selectedItems={"all": False, "included": [table[R]]}) == [R]
    assert found(selectedItems={"all": True, "excluded": [table[R]]}) == [A, F, U]
    assert found(selectedItems={"all": False, "included": []}) == ALL
