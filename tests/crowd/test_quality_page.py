"""The numbers in docs/reference/crowd-quality.md are those of the code."""

from pathlib import Path

from crowd import certainty, dawid_skene, measuring, records

PAGE = " ".join(Path("docs/reference/crowd-quality.md").read_text().split())


def test_the_page_has_the_thresholds_of_the_code():
    newcomer = dawid_skene.accuracy(dawid_skene.ASSUMED.rates(3), [1 / 3] * 3)
    assert measuring.REST == 20
    assert certainty.STOP_FROM == records.CONTRADICTING == 2
    for words in (
        f"more than half of at least {records.SPEEDING_FROM} reviews",
        f"at least {records.STRAIGHT_LINE_FROM} reviews, {records.STRAIGHT_LINE_SHARE:.0%}".replace(
            "%", " %"
        ),
        f"at least {records.CONTRADICTED_FROM} of these and {records.CONTRADICTED_SHARE:.0%}".replace(
            "%", " %"
        ),
        f"a newcomer has {newcomer:.2f}",
    ):
        assert words in PAGE
