from pathlib import Path

import pytest

from audits import exporting, importing, loading
from audits.importing import PRESETS
from audits.loading import CommentSource, RaterSource, Source
from audits.models import Dataset
from users.errors import Refused

from . import factories

COMMENTS = "comment,text,topic,topic_label,system,is_evaluated,harm:insult\n"
GOOD = {
    "comments": COMMENTS + 'c1,"Nice, really",0,hats,0.5,true,0\nc2,猫 are fine,-1,Outliers,2,false,0.4\n',
    "raters": "rater,gender,politics,religion,lgbtq,races\nr1,female,,,no,white|asian\n",
    "ratings": "rater,comment,rating\nr1,c1,0\nr1,c2,3\n",
}


def read(folder: Path, preset: str = "plain", **files: str) -> Source:
    paths = {}
    for name, text in files.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_bytes(text.encode() if isinstance(text, str) else text)
    return importing.read(PRESETS[preset], **paths)


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
        ("comments", "c3,text,0,hats,4.5,true,0", "row 4: system is from 0 to 4"),
        ("comments", "c3,text,0,hats,nan,true,0", "row 4: system is a number, not 'nan'"),
        ("comments", "c3,text,0,hats,inf,true,0", "row 4: system is a number"),
        ("comments", "c3,text,0,hats,,true,0", "row 4: system is a number, not ''"),
        ("comments", "c3,text,-2,hats,1,true,0", "row 4: topic is -1 for outliers, or from 0"),
        ("comments", "c3,text,0.5,hats,1,true,0", "row 4: topic is a whole number"),
        ("comments", "c3,text,1e300,hats,1,true,0", "row 4: topic is -1"),
        ("comments", "c3,text,0,caps,1,true,0", 'row 4: topic 0 was called "hats" before'),
        ("comments", "c3,text,0,hats,1,perhaps,0", "row 4: is_evaluated is true or false"),
        ("comments", "c3,text,0,hats,1,true,1.1", "row 4: shares of raters are from 0 to 1"),
        ("comments", "c3, ,0,hats,1,true,0", "row 4: text has 1 to 20,000 characters"),
        ("comments", "c1,text,0,hats,1,true,0", "row 4: comment c1 is there twice"),
        ("comments", ",text,0,hats,1,true,0", "row 4: comment has 1 to 100 characters"),
        ("comments", "c3,a\0b,0,hats,1,true,0", "row 4: a zero byte"),
        ("comments", "c3,text", "row 4: 2 values for 7 columns"),
        ("raters", "r1,,,,,", "row 3: rater r1 is there twice"),
        ("raters", f"r2,{'x' * 61},,,,", "row 3: what a rater says about themselves"),
        ("ratings", "r1,c3,1", "row 4: there is no comment c3"),
        ("ratings", "r2,c1,1", "row 4: there is no rater r2"),
        ("ratings", "r1,c1,1", "row 4: rater r1 rated this comment before"),
        ("ratings", "r1,c1,1.5", "row 4: rating is a whole number from 0 to 4"),
        ("ratings", "r1,c1,5", "row 4: rating is a whole number from 0 to 4"),
    ],
)
def test_a_bad_row_is_named(tmp_path, name, lines, says):
    with pytest.raises(Refused) as refused:
        read(tmp_path, **GOOD | {name: GOOD[name] + lines + "\n"})
    assert refused.value.detail.startswith(f"{name}.csv: {says}")
    assert refused.value.detail.endswith("Nothing was imported.")


def test_the_first_of_many_bad_rows_are_named(tmp_path):
    with pytest.raises(Refused) as refused:
        read(tmp_path, **GOOD | {"ratings": GOOD["ratings"] + "r1,nothing,1\n" * 25})
    assert refused.value.detail.count("there is no comment") == 10
    assert "And 15 more." in refused.value.detail


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing_column"),
        (b"comment,text\n", "missing_column"),
        (COMMENTS.replace("topic,", "text,").encode(), "repeated_column"),
        (COMMENTS.encode(), "no_rows"),
        (COMMENTS.encode() + "c1,caf\xe9,0,hats,1,true,0\n".encode("latin-1"), "not_utf8"),
        (COMMENTS.encode() + b'c1,"open,0,hats,1,true,0\n', "not_csv"),
    ],
)
def test_files_that_are_something_else(tmp_path, content, code):
    with pytest.raises(Refused) as refused:
        read(tmp_path, **GOOD | {"comments": content})
    assert refused.value.code == code


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    windows = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in GOOD.items()}
    assert read(tmp_path, **windows) == read(tmp_path, **GOOD)


def test_what_is_generated_can_be_written_and_read_back(tmp_path):
    source = loading.generated(factories.made())
    exporting.write(source, tmp_path)
    found = importing.read(
        PRESETS["plain"],
        comments=tmp_path / "comments.csv",
        ratings=tmp_path / "ratings.csv",
        raters=tmp_path / "raters.csv",
    )
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


def test_progress_is_reported(db):
    calls = []
    source = loading.generated(factories.made())
    loading.store(
        source,
        actor=factories.admin(),
        title="Made up",
        progress=lambda done, total=None, sentence="": calls.append((done, total, sentence)),
    )
    assert calls[-1] == (source.rows, source.rows, "Ratings")
