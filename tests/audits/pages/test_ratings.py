import pytest

from audits.templatetags.audits import rating


@pytest.mark.parametrize(
    ("value", "threshold", "text"),
    [
        (1.5, 2.0, "1.50"),
        (2.0, 2.0, "2.00"),
        (1.96, 2.0, "1.96"),
        (1.996, 2.0, "1.996"),
        (1.99996, 2.0, "1.99996"),
        (2 - 2**-52, 2.0, "1.9999999999999998"),
        (2.004, 2.004, "2.004"),
        (1.995, 1.999, "1.995"),
        (2, 2.0, "2"),
    ],
)
def test_a_rating_reads_on_its_side_of_the_threshold(value, threshold, text):
    assert rating(value, threshold) == text
