from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits import charts, fitting
from audits.maths.formulas import Stat
from audits.models import Dataset, Topic
from audits.results import Selection, TopicRow

from . import factories

T = 2.0


def topic(number: int, mean: float, avg_diff: float | None = 0.0, *, has_model: bool = True) -> TopicRow:
    compared = {name: abs(avg_diff or 0) for name in ("mae", "mse", "fp", "fn")}
    compared |= {"mean": mean, "median": mean, "avg_diff": avg_diff}
    return TopicRow(
        topic=Topic(number=number, label=f"Topic {number}"),
        is_suggested=True,
        n=40,
        system_mean=mean - (avg_diff or 0),
        system_median=mean,
        system_toxic=0.5,
        **(compared if has_model else dict.fromkeys(compared)),
    )


def picture(*rows: TopicRow, stat: Stat = Stat.MEAN, **settings) -> charts.TopicsPicture:
    return charts.topics_picture(rows, stat, Dataset(**settings))


@given(
    t=st.floats(0.01, 4),
    value=st.floats(0, 4),
    columns=st.sampled_from([charts.BINS, charts.COLUMNS]),
)
def test_no_column_lies_on_both_sides_of_the_threshold(t, value, columns):
    along = charts.axis(0, 4, columns, anchor=t, left=0, width=400)
    at, border = along.column(value), along.column(t)
    assert (at >= border) == (value >= t)
    assert 0 <= at < along.columns
    assert columns <= along.columns <= columns + 2
    assert along.edge(border) == pytest.approx(t)
    assert 0 <= along.x(0) <= along.x(t) < along.x(4) + along.width / along.columns


def test_ticks_are_round():
    assert charts.ticks(0, 4) == [0, 1, 2, 3, 4]
    assert charts.ticks(-0.5, 0.5, 4) == [-0.5, 0, 0.5]
    assert charts.ticks(0, 0.07, 4) == [0, 0.02, 0.04, 0.06]


def test_squares_of_about_one_rating_stand_on_each_other():
    drawn = picture(topic(1, 1.21, 0.3), topic(2, 1.29, -0.6), topic(3, 3.99))
    low, high, other = drawn.squares
    assert (low.row.topic.number, high.row.topic.number) == (2, 1)  # by difference
    assert low.x == high.x == charts.SIDE + 12 * charts.CELL
    assert low.y - high.y == charts.CELL
    assert low.y + charts.CELL == drawn.ground == other.y + charts.CELL
    assert drawn.line == charts.SIDE + 20 * charts.CELL
    assert [tick.value for tick in drawn.ticks] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]


def test_a_topic_at_the_threshold_stands_right_of_the_line():
    drawn = picture(topic(1, 1.9999), topic(2, T), topic(3, 4.0))
    assert [square.x >= drawn.line for square in drawn.squares] == [False, True, True]


@pytest.mark.parametrize(
    ("avg_diff", "side", "level"),
    [
        (0.24, "near", 0),
        (-0.24, "near", 0),
        (0.25, "under", 1),
        (-0.25, "over", 1),
        (0.5, "under", 2),
        (-1.0, "over", 3),
    ],
)
def test_a_square_says_where_the_system_is_and_how_far(avg_diff, side, level):
    (square,) = picture(topic(1, 1.0, avg_diff)).squares
    assert (square.side, square.level) == (side, level)


def test_without_a_model_the_squares_are_of_the_system():
    drawn = picture(topic(1, 1.0, has_model=False), stat=Stat.FP_FN)
    assert [(square.side, square.level) for square in drawn.squares] == [("system", 0)]
    assert drawn.line is not None


@pytest.mark.parametrize(
    ("stat", "values", "line"),
    [(Stat.MAE, (0, 1), False), (Stat.FP_FN, (0, 2), False), (Stat.AVG_DIFF, (-1, 1), True)],
)
def test_other_statistics_have_axes_of_their_own(stat, values, line):
    drawn = picture(topic(1, 1.0, 0.7), topic(2, 1.0, -0.6), stat=stat)
    assert (drawn.ticks[0].value, drawn.ticks[-1].value) == values
    assert (drawn.line is not None) == line


@pytest.mark.parametrize("n", [0, 1, 20, 21, 200, 500])
def test_squares_lie_within_the_picture_and_not_on_each_other(n):
    drawn = picture(*[topic(number, 1.0) for number in range(n)], threshold=1.37)
    side = drawn.scale * charts.CELL
    assert drawn.height <= charts.HEAD + charts.TALLEST * charts.CELL + charts.FOOT
    for square in drawn.squares:
        assert 0 <= square.x <= drawn.width - side
        assert charts.HEAD <= square.y <= drawn.ground - side + 0.1
    assert set(Counter((square.x, square.y) for square in drawn.squares).values()) <= {1}
    steps = np.diff(sorted({square.x for square in drawn.squares}))
    assert all(step >= side - 0.1 for step in steps)


def test_the_picture_has_so_many_topics_and_says_how_many_it_leaves_out():
    drawn = picture(*[topic(number, number % 4) for number in range(charts.MAX_TOPICS + 3)])
    assert (len(drawn.squares), drawn.left_out) == (charts.MAX_TOPICS, 3)


def found(system: list[float], predicted: list[float] | None, **settings) -> Selection:
    ids = np.arange(1, len(system) + 1)
    p = None if predicted is None else np.array(predicted)
    return Selection(Dataset(**settings), None, ids, np.array(system), p)


SYSTEM = [0.0, 0.1, 1.9, 2.0, 2.0, 4.0]
PERSON = [0.0, 2.0, 2.5, 2.0, 1.99, 0.0]


def test_a_histogram_counts_each_comment_once_on_each_side():
    drawn = charts.histogram(found(SYSTEM, PERSON))
    system, person = drawn.panels
    assert [(bar.low, bar.count, bar.differ, bar.side) for bar in system.bars if bar.count] == [
        (0.0, 2, 1, "under"),
        (1.8, 1, 1, "under"),
        (2.0, 2, 1, "over"),
        (3.8, 1, 1, "over"),
    ]
    assert [(bar.low, bar.count, bar.differ, bar.side) for bar in person.bars if bar.count] == [
        (0.0, 2, 1, "over"),
        (1.8, 1, 1, "over"),
        (2.0, 2, 1, "under"),
        (2.4, 1, 1, "under"),
    ]
    assert system.bars[-1].high == 4
    tallest = max(system.bars, key=lambda bar: bar.count)
    assert (tallest.y, tallest.agreed_height, tallest.differ_height) == (
        system.top,
        charts.PANEL / 2,
        charts.PANEL / 2,
    )
    assert [tick.value for tick in system.counts] == [0, 1, 2]
    assert drawn.bins[0] == (system.bars[0], person.bars[0])


def test_a_histogram_of_the_system_alone_and_of_nothing():
    (alone,) = charts.histogram(found(SYSTEM, None)).panels
    assert sum(bar.count for bar in alone.bars) == 6
    assert not any(bar.differ for bar in alone.bars)
    nothing = charts.histogram(found([], []))
    assert (nothing.n, len(nothing.panels)) == (0, 2)


def test_verdicts_of_each():
    both = charts.verdicts(found(SYSTEM, PERSON))
    assert both == charts.Verdicts(both_keep=1, under=2, over=2, both_remove=1)
    assert (both.system_keeps, both.system_removes) == (3, 3)
    assert (both.person_keeps, both.person_removes, both.total) == (3, 3, 6)
    assert charts.verdicts(found(SYSTEM, None)).system_removes == 3


def test_fit_errors_lie_in_the_band_of_their_grade(dataset, ada):
    model = factories.labelled(dataset, ada)
    assert charts.fit_plot(fitting.versions(model), dataset) is None
    version = fitting.fit(model)
    for number, error in ((2, 1.0), (3, 1.5)):
        version.pk, version.number, version.fit_error = None, number, error
        version.save()

    drawn = charts.fit_plot(fitting.versions(model), dataset)

    bands = {band.grade: band for band in drawn.bands}
    assert [(point.version.number, point.grade) for point in drawn.points] == [
        (1, "good"),
        (2, "okay"),
        (3, "label_more"),
    ]
    for point in drawn.points:
        band = bands[point.grade]
        assert band.y - 0.1 <= point.y <= band.y + band.height + 0.1
    assert [point.x for point in drawn.points] == sorted(point.x for point in drawn.points)
    assert drawn.line.count(",") == 3
    assert drawn.left_out == 0


def test_a_fit_plot_shows_the_newest_versions_with_one_statement(
    dataset, ada, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(charts, "MAX_VERSIONS", 2)
    version = factories.fitted(dataset, ada)
    for _ in range(2):
        fitting.fit(version.model)
    with django_assert_num_queries(1):
        drawn = charts.fit_plot(fitting.versions(version.model), dataset)
    assert [point.version.number for point in drawn.points] == [2, 3]
    assert drawn.left_out == 1
