import csv
import io
import json
import tracemalloc
import zipfile

import pytest

from crowd import campaigns
from crowd.export import EACH_QUESTION, write_zip
from crowd.models import Campaign, Submission
from crowd.submitting import submit
from crowd.zips import ManyFiles

from .factories import answers, claimed, review_next, reviewer

pytestmark = pytest.mark.django_db(transaction=True)


def exported(campaign: Campaign) -> zipfile.ZipFile:
    file = io.BytesIO()
    write_zip(campaign, file)
    return zipfile.ZipFile(file)


def test_an_export_has_all_reviews_each_with_its_status(campaign, house):
    ann, bob = reviewer(), reviewer()
    slot = claimed(campaign, ann)
    submit(campaign, ann, slot.item.anno_id, answers(tg=1, comment="ear is not there, 没有耳朵"))
    submit(campaign, ann, slot.item.anno_id, answers(tg=2), replace=True)
    review_next(campaign, bob)
    campaigns.block(campaign, bob, actor=house.lead)

    archive = exported(campaign)

    listed = [json.loads(line) for line in archive.read("reviews.jsonl").splitlines()]
    assert [review["status"] for review in listed] == ["superseded", "counted", "withdrawn"]
    assert list(listed[0]) == ["reviewer_id", "anno_id", "ts", "tg", "sg", "qa", "comment", "status", "path"]
    assert archive.namelist()[4:] == [review["path"] for review in listed]
    text = archive.read(listed[0]["path"]).decode()
    assert "没有耳朵" in text
    assert json.loads(text) == {key: listed[0][key] for key in list(listed[0])[:7]}


def test_a_zip_of_many_files_keeps_none_of_them_in_memory(tmp_path):
    names = [f"reviews/anon_ann/kettle-{n}__1767225600123.json" for n in range(3000)]
    tracemalloc.start()
    with (tmp_path / "export.zip").open("wb") as file, ManyFiles(file) as archive:
        archive.writestr("README.md", "水壶")
        before = tracemalloc.get_traced_memory()[0]
        for name in names:
            archive.writestr(name, "{}")
        grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    with zipfile.ZipFile(tmp_path / "export.zip") as written:
        assert written.namelist() == ["README.md", *names]
        assert written.testzip() is None
        assert written.read("README.md").decode() == "水壶"
    assert grown < 100_000  # ten times as much by zipfile alone


def test_the_summary_has_the_scores_that_count(campaign):
    for scores in (3, 3, 1):
        who = reviewer()
        submit(campaign, who, "a", answers(tg=scores))
    Submission.objects.filter(item__anno_id="b").update(status="withdrawn")

    rows = list(csv.DictReader(io.StringIO(exported(campaign).read("summary.csv").decode())))

    row = next(row for row in rows if row["anno_id"] == "a")
    assert {name: row[f"tg_{name}"] for name in EACH_QUESTION} == {
        "n": "3",
        "mean": "2.3333",
        "median": "3",
        "min": "1",
        "majority": "3",
        "disagreement": "0.6667",
    }
    assert row["outcome"] == "keep"
    assert [row["tg_n"] for row in rows] == ["3", "0", "0"]


def test_the_title_cannot_leave_the_header_of_the_readme(campaign):
    campaign.title = "Kettles\n---\nconfigs: none"
    campaign.save()
    text = exported(campaign).read("README.md").decode()
    header = "---\nconfigs:\n- config_name: default\n  data_files: reviews.jsonl\n---\n"
    assert text.startswith(f"{header}# Kettles --- configs: none\n")
