"""What a model finds, by topic and by comment: filters, orders, pages."""

import pytest

from audits import corpus, fitting
from audits.models import Comment, Version
from tests.audits import factories

AT_THE_THRESHOLD = 2.0


@pytest.fixture
def at(version) -> str:
    return f"/api/audits/models/{version.model_id}/"


def results_of(client, address: str) -> list[dict]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def changed(version: Version, comment: Comment, **fields) -> None:
    Comment.objects.filter(pk=comment.pk).update(**fields)
    corpus.forget()


# --- topics ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stat", ["median", "mean", "mae", "mse", "avg_diff", "fp_fn"])
def test_topics_are_placed_by_each_of_the_six(dataset, client, at, stat):
    rows = results_of(client, f"{at}topics/?stat={stat}")
    alone = results_of(client, f"/api/audits/datasets/{dataset.pk}/topics/?stat={stat}")

    values = [row["fp"] + row["fn"] if stat == "fp_fn" else row[stat] for row in rows]
    assert [row["placed"] for row in rows] == values == sorted(values, reverse=True)
    by_system = "system_median" if stat == "median" else "system_mean"
    assert [row["placed"] for row in alone] == sorted((row[by_system] for row in alone), reverse=True)
    assert {row["topic"]["id"] for row in rows} == {row["topic"]["id"] for row in alone}


def test_topics_are_sorted_and_kept_by_kind_of_error(client, at):
    by_share = [row["fn"] for row in results_of(client, f"{at}topics/?sort=-fn")]
    under = results_of(client, f"{at}topics/?error_type=under&sort=fn")

    assert by_share == sorted(by_share, reverse=True)
    assert [row["fn"] for row in under] == sorted(share for share in by_share if share)


# --- comments ----------------------------------------------------------------------------------------------


def test_comments_differ_most_first_and_pages_are_stable(dataset, client, at):
    pages = [results_of(client, f"{at}comments/?page={page}&page_size=130") for page in (1, 2, 3, 4)]

    rows = [row for page in pages for row in page]
    keys = [(-abs(row["difference"]), row["id"]) for row in rows]
    assert [len(page) for page in pages] == [130, 130, 130, 10]
    assert len({row["id"] for row in rows}) == 400
    assert keys == sorted(keys)
    assert client.get(f"{at}comments/?page=5&page_size=130").status_code == 404


def test_the_next_page_is_of_the_version_of_the_first(client, at, version):
    first = client.get(f"{at}comments/?page_size=5").json()
    given = version.model.dataset.comments.values_list("pk", flat=True)[:30]
    client.put(f"{at}labels/", [{"comment": pk, "value": 4} for pk in given])
    client.post(f"{at}fit/")

    second, newest = client.get(first["next"]).json(), client.get(f"{at}comments/?page=2&page_size=5").json()

    assert (first["version"], second["version"], newest["version"]) == (1, 1, 2)
    assert second["results"] != newest["results"]
    assert client.get(f"{at}comments/?version=9").status_code == 404


def test_a_search_is_literal(version, client, at):
    first, second, third, fourth = version.model.dataset.comments.all()[:4]
    changed(version, first, text="100% agreed")
    changed(version, second, text="100 agreed")
    changed(version, third, text="snake_case")
    changed(version, fourth, text="snakeXcase \\ end")

    def found(q: str) -> list[int]:
        rows = client.get(f"{at}comments/", {"q": q}).json()["results"]
        return sorted(row["id"] for row in rows)

    assert found("0%") == [first.pk]
    assert found("AGREED") == [first.pk, second.pk]
    assert found("e_c") == [third.pk]
    assert found("%%") == found("__") == []
    assert found(" \\ ") == [fourth.pk]


@pytest.mark.parametrize("q", ["a", "x" * 201])
def test_a_search_has_two_characters_or_more(client, at, q):
    answer = client.get(f"{at}comments/", {"q": q})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_q")


def test_ids_added_by_hand_are_shown_besides_what_is_found(dataset, client, at):
    topic = dataset.topics.get(label="bicycles")
    mine = set(topic.comments.values_list("pk", flat=True))
    added = dataset.comments.exclude(topic=topic).first().pk
    elsewhere = factories.dataset(is_fitted=False, size="small").comments.first().pk

    def found(query: str) -> set[int]:
        return {row["id"] for row in results_of(client, f"{at}comments/?page_size=1000&{query}")}

    assert found(f"topic={topic.pk}") == mine
    assert found(f"topic={topic.pk}&ids={added},{elsewhere}") == mine | {added}
    assert found(f"ids={added}") == {added}
    assert found(f"ids={elsewhere}") == set()


@pytest.mark.parametrize("query", ["ids=,", "ids=1,x", "ids=0", "ids=" + "9" * 5000])
def test_ids_are_numbers(client, at, query):
    answer = client.get(f"{at}comments/?{query}")

    assert (answer.status_code, [*answer.json()["validation_errors"]]) == (400, ["ids"])


@pytest.mark.parametrize("name", ["difference", "system", "predicted", "id"])
def test_comments_come_in_each_order_both_ways(client, at, name):
    up, down = (
        results_of(client, f"{at}comments/?page_size=1000&ordering={sign}{name}") for sign in ("", "-")
    )

    values = [abs(row[name]) for row in up]
    assert values == sorted(values)
    assert [abs(row[name]) for row in down] == values[::-1]


def test_a_sample_is_the_same_500_of_the_comments_found(version, client, at, monkeypatch):
    monkeypatch.setattr("audits.results.Selection.sample.__defaults__", (50,))

    one = client.get(f"{at}comments/sample/").json()
    other = client.get(f"{at}comments/sample/?ordering=id").json()

    assert (one["version"], one["count"], len(one["comments"])) == (1, 400, 50)
    assert one["disagreement"]["n"] == 400
    assert sorted(one["comments"], key=lambda point: point["id"]) == other["comments"]
    point = one["comments"][0]
    row = results_of(client, f"{at}comments/?ids={point['id']}")[0]
    assert point == {name: row[name] for name in ("id", "system", "predicted", "error_type")}


def test_without_a_version_there_is_nothing_to_compare(model, client):
    for path in ("topics/", "comments/", "comments/sample/"):
        answer = client.get(f"/api/audits/models/{model.pk}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (400, "not_fitted")


# --- the threshold -----------------------------------------------------------------------------------------


def test_a_rating_of_exactly_two_is_toxic_in_every_endpoint(dataset, ada, client):
    """The comment is the only one of its topic, at 2.0, by the system and by a person who says 0 to all."""
    model = factories.personal(dataset, ada)
    comment = dataset.comments.filter(topic__number=0).first()
    topic = comment.topic
    topic.comments.exclude(pk=comment.pk).delete()
    Comment.objects.filter(pk=comment.pk).update(system=AT_THE_THRESHOLD)
    corpus.forget()
    mine, data_set = f"/api/audits/models/{model.pk}/", f"/api/audits/datasets/{dataset.pk}/"
    client.put(
        f"{mine}labels/",
        [{"comment": pk, "value": 0} for pk in dataset.comments.values_list("pk", flat=True)],
    )
    client.post(f"{mine}fit/")

    def only(address: str) -> dict:
        (row,) = [row for row in results_of(client, address) if row.get("topic", {}).get("id") == topic.pk]
        return row

    alone = only(f"{data_set}topics/?suggested=false")
    row = only(f"{mine}topics/?suggested=false&error_type=over")
    shown = [
        *results_of(client, f"{data_set}comments/?ids={comment.pk}"),
        *results_of(client, f"{mine}comments/?ids={comment.pk}&error_type=over"),
    ]
    points = client.get(f"{mine}comments/sample/?ids={comment.pk}").json()["comments"]
    examples = client.get(f"{data_set}examples/?n=100").json()
    offered = client.get(f"{data_set}settings/").json()["offered"]

    assert (alone["system_toxic"], row["system_toxic"], row["fp"], row["fn"]) == (1, 1, 1, 0)
    assert [one["is_toxic"] for one in shown] == [True, True]
    assert (shown[1]["error_type"], shown[1]["magnitude"]) == (
        "over",
        AT_THE_THRESHOLD - shown[1]["predicted"],
    )
    assert [point["error_type"] for point in points] == ["over"]
    assert all(one["is_toxic"] == (one["system"] >= 2) for one in examples)
    assert offered["remove"][0] == 2
    # And a prediction of exactly 2.0: the system, just below, is under-sensitive.
    dataset.threshold = shown[1]["predicted"]
    dataset.save(update_fields=["threshold"])
    changed(fitting.newest(model), comment, system=0)
    under = results_of(client, f"{mine}comments/?ids={comment.pk}&error_type=under")
    assert [one["error_type"] for one in under] == ["under"]
