"""Reviews read back from folders and zips, whatever these contain."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from django.db import connection
from django.utils import timezone

from crowd import campaigns, drift, restoring, review_source
from crowd import counts as counts_of_campaigns
from crowd.counts import stats
from crowd.importing.importer import import_items
from crowd.models import Campaign, Item, Participation, Reviewer, Status, Submission
from crowd.restoring import Report, restore
from crowd.review_source import Folder, Zip
from crowd.submitting import submit
from tasks.errors import Refused

from .factories import answers, claimed, lines, reviewer

pytestmark = pytest.mark.django_db
MS = 1_767_225_600_123
PATH = f"reviews/anon_ann/a__{MS}.json"


def body(**changes) -> dict:
    return {
        "reviewer_id": "anon_ann",
        "anno_id": "a",
        "ts": MS // 1000,
        "tg": {"score": 3, "ref_type": "image"},
        "sg": {"score": 2, "ref_type": "text"},
        "qa": {"score": 3, "ref_type": "audio", "qa_type": "counting"},
        "comment": "box is off in frame 2",
    } | changes


def review(anno_id: str, who: str, ms: int, **changes) -> tuple[str, str]:
    changes |= {"anno_id": anno_id, "reviewer_id": who, "ts": ms // 1000}
    return f"reviews/{who}/{anno_id}__{ms}.json", json.dumps(body(**changes))


def zipped(*files: tuple[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> Zip:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return Zip(file)


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.created, report.surplus, report.duplicate, report.unknown, report.invalid


def test_a_review_is_restored_once(campaign):
    files = zipped((PATH, json.dumps(body())))
    assert counts(restore(campaign, files)) == (1, 0, 0, 0, 0)
    assert counts(restore(campaign, files)) == (0, 0, 1, 0, 0)

    one = Submission.objects.get()
    assert (one.reviewer.public_id, one.ms, one.status, one.comment) == (
        "anon_ann",
        MS,
        Status.COUNTED,
        "box is off in frame 2",
    )
    assert stats(campaign)["reviews_total"] == 1
    assert one.reviewer.secret_hash == ""


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        (PATH, "{", "not JSON: Expecting property name"),
        (PATH, "[]", "not an object"),
        (PATH, json.dumps(body()).replace("3", "NaN", 1), "not JSON"),
        (PATH, "[" * 50_000, "not JSON"),
        (PATH, b"\xff", "not JSON"),
        (PATH, json.dumps(body(comment="\0")), "not JSON: The body has a NUL"),
        (PATH, json.dumps(body()) + " " * 70_000, "more than 65,536 bytes"),
        (PATH, json.dumps(body(reviewer_id="../../etc")), "reviewer_id is not valid"),
        (PATH, json.dumps(body(reviewer_id=7)), "reviewer_id is not valid"),
        (PATH, json.dumps(body(anno_id="a/b")), "anno_id is not valid"),
        (PATH, json.dumps(body(anno_id="b")), "it is another review than its path says"),
        (PATH, json.dumps(body(ts=str(MS // 1000))), "ts is not a number of seconds"),
        (PATH, json.dumps(body(ts=MS)), "ts is another time than the milliseconds in its name"),
        (PATH, json.dumps(body(tg={"score": "3"})), "tg.score is not one of the scores"),
        (PATH, json.dumps(body(tg={"score": True})), "tg.score is not one of the scores"),
        (PATH, json.dumps(body(tg={"score": 3.0})), "tg.score is not one of the scores"),
        (PATH, json.dumps(body(tg={"score": [3]})), "tg.score is not one of the scores"),
        (PATH, json.dumps(body(tg={"score": 3, "ref_type": "a\nb"})), "tg.ref_type is not a short text"),
        (PATH, json.dumps(body(qa=None)), "qa is missing"),
        (PATH, json.dumps(body(comment=["x"])), "comment is not a text"),
        (
            "reviews/anon_ann/a.json",
            "{}",
            "its name is not reviews/<reviewer>/<anno_id>__<milliseconds>.json",
        ),
    ],
)
def test_what_is_no_review_is_reported_by_name(campaign, path, content, reason):
    good = review("b", "anon_bob", MS)
    report = restore(campaign, zipped((path, content), good, ("notes/other.json", "{}")))
    assert counts(report) == (1, 0, 0, 0, 1)
    [file] = report.invalid_files
    assert file["path"] == path
    assert file["reason"].startswith(reason)


def test_many_at_once_become_what_they_become_one_by_one(house, monkeypatch):
    """Early stops, replaced, surplus, blocked and listed reviews, in a random order."""
    random = Random(7)
    found = []
    for _ in range(150):
        ms = MS + random.randrange(10**6)
        changes = {"tg": {"score": random.choice((1, 3, 3, 3))}, "comment": "a missing handle"}
        name, text = review(random.choice("abcdefgh"), f"anon_{random.randrange(6)}", ms, **changes)
        found.append((name, text, random.choice([*Status.values, "counted", "counted", "counted"])))
    listed = "".join(json.dumps({"path": name, "status": status}) + "\n" for name, _, status in found)
    files = zipped(("reviews.jsonl", listed), *(one[:2] for one in found))

    def restored(slug: str, chunk: int) -> tuple:
        campaign = Campaign.objects.create(
            project=house.project, slug=slug, created_by=house.lead, target=3, stop_when_certain=0.9
        )
        import_items(campaign, io.BytesIO(lines(*"abcdefgh")))
        here, _ = Reviewer.objects.get_or_create(public_id="anon_0")
        submit(campaign, here, "a", answers())
        blocked, _ = Reviewer.objects.get_or_create(public_id="anon_1")
        Participation.objects.create(campaign=campaign, reviewer=blocked, blocked_at=timezone.now())
        monkeypatch.setattr(restoring, "CHUNK", chunk)
        report = restore(campaign, files).as_dict()
        items = campaign.items.order_by("position").values_list(
            "anno_id", "counted", "open_slots", "outcome", "disagreement", "posterior", "certainty"
        )
        sent = campaign.submissions.exclude(source="web").order_by("ms", "pk")
        people = campaign.participations.order_by("reviewer__public_id")
        return (
            report,
            stats(campaign),
            list(items),
            list(sent.values_list("reviewer__public_id", "item__anno_id", "ms", "status", "slot__n")),
            list(people.values_list("reviewer__public_id", "counted")),
            drift.find(house.project),
        )

    assert restored("many", 200) == restored("one-by-one", 1)


@pytest.mark.parametrize("number", [3, 30])
def test_a_chunk_costs_the_same_statements_however_many_it_has(
    house, django_assert_num_queries, monkeypatch, number
):
    monkeypatch.setattr(counts_of_campaigns, "randrange", lambda shards: 0)
    campaign = campaigns.create(house.project, actor=house.lead, title="Kettles")
    names = [f"kettle-{n}" for n in range(number)]
    import_items(campaign, io.BytesIO(lines(*names)))
    files = zipped(*(review(name, f"anon_{n}", MS) for n, name in enumerate(names)))

    with django_assert_num_queries(20):
        assert restore(campaign, files).created == number


def test_unknown_items_are_named(campaign):
    report = restore(campaign, zipped(review("a", "anon_ann", MS), review("gone", "anon_ann", MS)))
    assert (counts(report), report.unknown_items) == ((1, 0, 0, 1, 0), ["gone"])


def test_the_first_of_an_item_count(campaign):
    campaigns.set_target(campaign, 2, actor=campaign.created_by)
    campaign.refresh_from_db()
    report = restore(campaign, zipped(*[review("a", f"anon_{n}", MS - n) for n in range(3)]))
    assert counts(report) == (3, 1, 0, 0, 0)
    assert Submission.objects.get(status=Status.SURPLUS).reviewer.public_id == "anon_0"


def test_the_later_review_of_a_person_counts_in_whichever_order_they_come(campaign):
    earlier, later = review("a", "anon_ann", MS), review("a", "anon_ann", MS + 9000)
    restore(campaign, zipped(later))
    restore(campaign, zipped(earlier))
    assert list(Submission.objects.order_by("ms").values_list("status", flat=True)) == [
        "superseded",
        "counted",
    ]
    assert stats(campaign)["reviews_total"] == 1


def test_what_the_list_says_did_not_count_does_not_count(campaign):
    files = [review("a", who, MS + n) for n, who in enumerate(["anon_ann", "anon_bob", "anon_cy"])]
    listed = ["withdrawn", "surplus", "counted"]
    text = "\n".join(
        json.dumps({"path": path, "status": status}) for (path, _), status in zip(files, listed, strict=True)
    )
    restore(campaign, zipped(*files, ("reviews.jsonl", text + "\nno JSON\n")))
    assert list(Submission.objects.order_by("ms").values_list("status", flat=True)) == listed
    assert stats(campaign)["unique_reviewers"] == 1


def test_reviews_of_a_blocked_person_do_not_count(campaign):
    restore(campaign, zipped(review("a", "anon_ann", MS)))
    campaigns.block(campaign, Reviewer.objects.get(), actor=campaign.created_by)
    restore(campaign, zipped(review("b", "anon_ann", MS)))
    assert set(Submission.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_a_folder_is_read_without_following_links(campaign, tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for folder, who in ((outside, "anon_bob"), (inside, "anon_ann")):
        path, text = review("a", who, MS)
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(text)
    (inside / "reviews/anon_bob").symlink_to(outside / "reviews/anon_bob")
    link = inside / f"reviews/anon_ann/b__{MS}.json"
    link.symlink_to("/etc/hostname")

    report = restore(campaign, Folder(inside))

    assert counts(report) == (1, 0, 0, 0, 1)
    assert report.invalid_files == [
        {"path": f"reviews/anon_ann/b__{MS}.json", "reason": "it is a link or something else than a file"}
    ]


def test_paths_that_leave_the_zip_lead_nowhere(campaign, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, text = review("a", "anon_ann", MS)
    report = restore(campaign, zipped((f"../../{path}", text)))
    assert counts(report) == (1, 0, 0, 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_is_not_unpacked(campaign):
    bomb = zipped((PATH, b" " * 50_000_000), ("reviews.jsonl", b"\n" * 2000))
    report = restore(campaign, bomb)
    assert report.invalid_files == [
        {"path": "reviews.jsonl", "reason": "2,000 lines have no path and status of a review, first line 1"},
        {"path": PATH, "reason": "more than 65,536 bytes"},
    ]


def test_other_compressions_are_not_read(campaign):
    report = restore(campaign, zipped((PATH, json.dumps(body())), compression=zipfile.ZIP_LZMA))
    assert report.invalid_files[0]["reason"] == "it is compressed in another way than deflate"


def test_a_damaged_entry_is_reported(campaign):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PATH, json.dumps(body()))
    damaged = file.getvalue().replace(PATH.encode(), PATH.encode(), 1)
    start = damaged.index(PATH.encode()) + len(PATH) + 20
    damaged = damaged[:start] + b"\xff" * 20 + damaged[start + 20 :]
    report = restore(campaign, Zip(io.BytesIO(damaged)))
    assert report.invalid_files[0]["reason"].startswith("it cannot be unpacked")


def test_too_many_files_are_refused(campaign, monkeypatch, tmp_path):
    monkeypatch.setattr(review_source, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(Refused, match="more than 2 files"):
        Folder(tmp_path)
    with pytest.raises(Refused, match="more than 2 files"):
        zipped(*[(name, "") for name in "abc"])


def test_a_folder_without_reviews_is_refused(campaign, tmp_path):
    with pytest.raises(Refused, match="no file is named reviews/"):
        restore(campaign, Folder(tmp_path))


def test_a_file_whose_name_is_no_text_is_reported(campaign, tmp_path):
    folder = tmp_path / "reviews/anon_ann"
    folder.mkdir(parents=True)
    path, text = review("a", "anon_ann", MS)
    (tmp_path / path).write_text(text)
    Path(str(folder) + "/\udcff.json").write_text("{}")
    assert restore(campaign, Folder(tmp_path)).invalid_files[0]["path"] == "reviews/anon_ann/\\udcff.json"


@pytest.mark.django_db(transaction=True)
def test_a_restore_while_people_submit_never_counts_one_too_many(campaign):
    people = [reviewer() for _ in range(4)]
    files = [review(item, f"anon_{n}", MS + n) for n in range(4) for item in "abc"]

    def work(n: int) -> None:
        try:
            if n == 0:
                restore(campaign, zipped(*files))
            else:
                for _ in range(3):
                    submit(campaign, people[n], claimed(campaign, people[n]).item.anno_id, answers())
        except AssertionError:  # nothing left to claim
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert [item.counted for item in Item.objects.all()] == [3, 3, 3]
    assert stats(campaign)["reviews_total"] == Submission.objects.filter(status="counted").count() == 9
    assert Submission.objects.filter(source="restored").count() == 12
