from pathlib import Path

import pytest

from audits import exporting, importing, loading
from audits.importing import MAX_ERRORS, PRESETS, BadRows, CsvFile, Files
from audits.loading import CommentSource, RaterSource, Source
from audits.models import Dataset

from . import factories

COMMENTS = "comment,text,topic,topic_label,system,is_evaluated,harm:insult\n"
GOOD = {
    "comments": COMMENTS + 'c1,"Nice, really",0,hats,0.5,true,0\nc2,猫 are fine,-1,Outliers,2,false,0.4\n',
    "raters": "rater,gender,politics,religion,lgbtq,races\nr1,female,,,no,white|asian\n",
    "ratings": "rater,comment,rating\nr1,c1,0\nr1,c2,3\n",
}


def files(folder: Path, **texts: str | bytes) -> Files:
    for name, text in texts.items():
        (folder / f"{name}.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return Files(**{name: CsvFile.at(folder / f"{name}.csv") for name in texts})


def read(folder: Path, preset: str = "plain", **texts: str | bytes) -> Source:
    return importing.read(PRESETS[preset], files(folder, **texts))


def bad(folder: Path, **texts: str | bytes) -> list[str]:
    with pytest.raises(BadRows) as refused:
        read(folder, **GOOD | texts)
    return [str(row) for row in refused.value.rows]


def test_files_become_a_source(tmp_path):
    assert read(tmp_path, **GOOD) == Source(
        topics={0: "hats", -1: "Outliers"},
        comments=[
            CommentSource("c1", "Nice, really", 0, 0.5, {"insult": 0.0}, True),
            CommentSource("c2", "猫 are fine", -1, 2.0, {"insult": 0.4}, False),
        ],
        raters=[RaterSource("r1", "female", "", "", "no", ["asian", "white"])],
        ratings=[(0, 0, 0), (0, 1, 3)],
        harms=["insult"],
    )


def test_without_a_file_of_raters_they_are_those_of_the_ratings(tmp_path):
    source = read(tmp_path, comments=GOOD["comments"], ratings="rater,comment,rating\nx,c1,1\ny,c1,2\n")
    assert source.raters == [RaterSource("x"), RaterSource("y")]


@pytest.mark.parametrize(
    ("name", "lines", "says"),
    [
        ("comments", "c3,text,0,hats,4.5,true,0", "line 4: system is from 0 to 4"),
        ("comments", "c3,text,0,hats,nan,true,0", "line 4: system is a number, not 'nan'"),
        ("comments", "c3,text,0,hats,inf,true,0", "line 4: system is a number"),
        ("comments", "c3,text,0,hats,,true,0", "line 4: system is a number, not ''"),
        ("comments", "c3,text,-2,hats,1,true,0", "line 4: topic is -1 for outliers, or from 0"),
        ("comments", "c3,text,0.5,hats,1,true,0", "line 4: topic is a whole number"),
        ("comments", "c3,text,1e300,hats,1,true,0", "line 4: topic is -1"),
        ("comments", "c3,text,0,caps,1,true,0", 'line 4: topic 0 was called "hats" before'),
        ("comments", "c3,text,0,hats,1,perhaps,0", "line 4: is_evaluated is true or false"),
        ("comments", "c3,text,0,hats,1,true,1.1", "line 4: shares of raters are from 0 to 1"),
        ("comments", "c3, ,0,hats,1,true,0", "line 4: text has 1 to 20,000 characters"),
        ("comments", "c1,text,0,hats,1,true,0", "line 4: comment c1 is there twice"),
        ("comments", ",text,0,hats,1,true,0", "line 4: comment has 1 to 100 characters"),
        ("comments", "c3,a\0b,0,hats,1,true,0", "line 4: a zero byte"),
        ("comments", "c3,text", "line 4: 2 values for 7 columns"),
        ("raters", "r1,,,,,", "line 3: rater r1 is there twice"),
        ("raters", f"r2,{'x' * 61},,,,", "line 3: what a rater says about themselves"),
        ("ratings", "r1,c3,1", "line 4: there is no comment c3"),
        ("ratings", "r2,c1,1", "line 4: there is no rater r2"),
        ("ratings", "r1,c1,1", "line 4: rater r1 rated comment c1 before"),
        ("ratings", "r1,c1,1.5", "line 4: rating is a whole number from 0 to 4"),
        ("ratings", "r1,c1,5", "line 4: rating is a whole number from 0 to 4"),
    ],
)
def test_a_bad_row_is_named(tmp_path, name, lines, says):
    (found,) = bad(tmp_path, **{name: GOOD[name] + lines + "\n"})
    assert found.startswith(f"{name}.csv, {says}")


def test_bad_rows_of_all_files_are_named_each_once(tmp_path):
    """A rating of a comment or by a rater whose row is wrong is not wrong again."""
    found = bad(
        tmp_path,
        comments=GOOD["comments"] + 'c3,"two\nlines",0,hats,9,true,0\nc4,,0,hats,1,true,0\n',
        raters=GOOD["raters"] + f"r2,{'x' * 61},,,,\n",
        ratings=GOOD["ratings"] + "r1,c3,1\n\nr2,c1,1\nr1,c9,1\n",
    )
    assert found == [
        "comments.csv, line 4: system is from 0 to 4",
        "comments.csv, line 6: text has 1 to 20,000 characters",
        "raters.csv, line 3: what a rater says about themselves has at most 60 characters",
        "ratings.csv, line 7: there is no comment c9",
    ]


def test_the_first_hundred_bad_rows_are_named_and_all_are_counted(tmp_path):
    with pytest.raises(BadRows) as refused:
        read(tmp_path, **GOOD | {"ratings": GOOD["ratings"] + "r1,nothing,1\n" * 250})
    assert len(refused.value.rows) == MAX_ERRORS == 100
    assert refused.value.report["bad_rows"] == 250
    assert refused.value.detail == (
        "250 rows are wrong. The first: ratings.csv, line 4: there is no comment nothing. "
        "Nothing was imported."
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1: there is no column comment, only: nothing"),
        (b"comment,text\n", "line 1: there is no column topic, only: comment, text"),
        (COMMENTS.replace("topic,", "text,").encode(), "line 1: the column text is there twice"),
        (COMMENTS.encode(), "line 1: there are no rows below the header"),
        (
            GOOD["comments"].encode() + "c3,caf\xe9,0,hats,1,true,0\n".encode("latin-1"),
            "line 4: this is not UTF-8; save",
        ),
        (COMMENTS.encode("utf-16"), "line 1: this is not UTF-8"),
        (COMMENTS.encode() + b'c1,a,0,hats,1,true,0\nc2,"open,0,hats,1,true,0\n', "line 3: this is not CSV"),
        (COMMENTS.replace("harm:insult", "harm:").encode(), "line 1: the name of a harm has 1 to 200"),
    ],
)
def test_files_that_are_something_else(tmp_path, content, says):
    """Their ratings are not wrong because of that."""
    (found,) = bad(tmp_path, comments=content)
    assert found.startswith(f"comments.csv, {says}")


def test_files_that_are_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "MAX_COMMENTS", 1)
    assert bad(tmp_path) == ["comments.csv, line 3: more than 1 rows are not imported"]


def test_a_file_in_which_every_row_is_wrong(tmp_path):
    assert bad(tmp_path, ratings="rater,comment,rating\nr1,c1,9\n") == [
        "ratings.csv, line 2: rating is a whole number from 0 to 4"
    ]


@pytest.mark.parametrize(
    ("scale_max", "bins"), [(4, [0, 0.5, 1.5, 2.5, 3.5]), (10, [0, 1.25, 3.75, 6.25, 8.75])]
)
def test_another_scale_stretches_what_is_set_by_default(db, tmp_path, scale_max, bins):
    dataset = importing.import_files(
        files(tmp_path, **GOOD), actor=factories.admin(), title="Hats", scale_max=scale_max
    )
    assert (dataset.scale_max, dataset.threshold) == (scale_max, scale_max / 2)
    assert [one["from"] for one in dataset.label_bins] == bins
    assert dataset.label_bins[-1]["to"] == scale_max


def test_progress_of_an_import_is_that_of_reading_and_then_of_storing(db, tmp_path):
    source = loading.generated(factories.made())
    exporting.write(source, tmp_path)
    calls = []
    importing.import_files(
        Files(CsvFile.at(tmp_path / "comments.csv"), CsvFile.at(tmp_path / "ratings.csv")),
        actor=factories.admin(),
        title="Made up",
        progress=lambda *call: calls.append(call),
    )
    assert calls[:2] == [
        (401, 2402, "Reading comments.csv"),
        (2402, 2402, "Reading ratings.csv"),
    ]
    assert calls[-1][2] == "Ratings"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    windows = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in GOOD.items()}
    assert read(tmp_path, **windows) == read(tmp_path, **GOOD)


def test_what_is_generated_can_be_written_and_read_back(tmp_path):
    source = loading.generated(factories.made())
    exporting.write(source, tmp_path)
    paths = {name: CsvFile.at(tmp_path / f"{name}.csv") for name in ("comments", "ratings", "raters")}
    found = importing.read(PRESETS["plain"], Files(**paths))
    assert found.comments == source.comments
    assert found.raters == source.raters
    assert found.ratings == source.ratings
    assert (found.topics, list(found.harms)) == (source.topics, list(source.harms))


def test_preset_civil_comments(tmp_path):
    source = read(
        tmp_path,
        "civil_comments",
        comments="id,comment_text,toxicity,obscene,threat,insult,identity_attack\n7,Hm,0.25,0,0,0.5,0\n",
        ratings="id,worker,toxic,other\n7,w1,1,0\n7,w2,0.25,0\n",
    )
    assert source.comments[0].system == 1
    assert source.topics == {0: "All comments"}
    assert source.ratings == [(0, 0, 4), (1, 0, 1)]


def test_preset_indielabel(tmp_path):
    harms = "is_profane_frac,is_threat_frac,is_identity_attack_frac,is_insult_frac,is_sexual_harassment_frac"
    source = read(
        tmp_path,
        "indielabel",
        comments=f"item_id,comment,rating,topic_id,topic,{harms}\n9,Hm,2.5,3,3_hats_caps,0,0,0,1,0\n",
        ratings="user_id,item_id,rating\n5,9,2.0\n",
        raters="worker_id,gender,political_affilation,religion_important,lgbtq_status,race\n"
        '5,Female,Liberal,Not important,Heterosexual,"White,Asian"\n',
    )
    assert source.ratings == [(0, 0, 2)]
    assert source.raters[0].races == ["Asian", "White"]
    assert source.comments[0].harms["insult"] == 1


def test_a_source_is_stored_as_a_whole_or_not_at_all(db, monkeypatch):
    def break_down(*arguments):
        raise RuntimeError("no")

    monkeypatch.setattr(loading._Loading, "ratings", break_down)
    with pytest.raises(RuntimeError):
        factories.dataset(is_fitted=False)
    assert not Dataset.objects.exists()
