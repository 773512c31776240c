from io import BytesIO
from pathlib import Path

import pytest

from crowd.counts import stats
from crowd.importing.importer import import_items
from crowd.models import Item, Slot
from devserver.demo import load
from tasks.errors import Refused
from tests.crowd.factories import claimed, lines, review_next, reviewer

FILE = Path(load.DATA) / "crowd-annotations.jsonl"

pytestmark = pytest.mark.django_db


def import_file(campaign, **options):
    with FILE.open("rb") as file:
        return import_items(campaign, file, **options)


def test_import_creates_the_good_lines_and_reports_the_others_by_number(campaign):
    report = import_file(campaign)
    assert (report.created, report.bad_lines) == (30, 5)
    assert {error["line"]: error["reason"] for error in report.errors} == {
        14: "not JSON: Expecting value at column 1",
        21: "anno_id is missing",
        26: "stg_000002 was already on line 3",
        27: "blank",
        35: "anno_id is not valid: a letter or digit, then at most 127 letters, digits, dots, hyphens and "
        "underscores",
    }


def test_import_of_the_same_file_changes_nothing(campaign):
    import_file(campaign)
    before = list(Item.objects.values()), Slot.objects.count()
    report = import_file(campaign)
    assert (report.created, report.unchanged, report.changed, report.kept) == (0, 30, 0, 0)
    assert (list(Item.objects.values()), Slot.objects.count()) == before


def test_strict_import_refuses_a_file_with_a_bad_line(campaign):
    with pytest.raises(Refused, match="5 bad lines, so nothing was imported"):
        import_file(campaign, strict=True)
    assert stats(campaign)["annos_total"] == 3


def test_a_changed_line_replaces_an_item_that_nobody_has_seen_and_no_other(campaign):
    review_next(campaign, reviewer())
    reviewed = Item.objects.get(counted=1).anno_id
    in_hand = claimed(campaign, reviewer()).item.anno_id
    report = import_items(campaign, BytesIO(lines("a", "b", "c", fps=25)))
    assert (report.changed, report.kept_items) == (1, sorted([reviewed, in_hand]))


def test_an_item_knows_the_annotation_its_line_names(campaign, house):
    mine = lines("mine", annotation_unique_id=str(house.annotation.unique_id))
    import_items(campaign, BytesIO(mine))
    assert Item.objects.get(anno_id="mine").annotation == house.annotation
