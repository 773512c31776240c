import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from audits.models import Topic

LIST = reverse("admin:audits_topic_changelist")


def change(topic: Topic) -> str:
    return reverse("admin:audits_topic_change", args=[topic.pk])


def test_a_topic_is_renamed_and_marked_as_junk(dataset, house, lead_client):
    topic = dataset.topics.get(number=0)

    lead_client.post(change(topic), {"label": "headwear", "is_junk": "on"})

    topic.refresh_from_db()
    assert (topic.label, topic.is_junk) == ("headwear", True)
    before = dataset.revision
    dataset.refresh_from_db()
    assert dataset.revision != before
    assert LogEntry.objects.get().user == house.lead


@pytest.mark.parametrize(
    ("number", "sent", "field"),
    [(0, {"label": ""}, "label"), (0, {"label": "x" * 201}, "label"), (-1, {"label": "Outliers"}, "is_junk")],
)
def test_changes_that_cannot_be(dataset, lead_client, number, sent, field):
    topic = dataset.topics.get(number=number)

    errors = lead_client.post(change(topic), sent).context["adminform"].form.errors

    assert list(errors) == [field]
    assert Topic.objects.get(pk=topic.pk).label == topic.label


@pytest.mark.parametrize(("action", "junk"), [("mark_junk", {0, 1, -1}), ("unmark_junk", {-1})])
def test_many_at_once(dataset, lead_client, action, junk):
    chosen = dataset.topics.filter(number__in=[0, 1])

    answer = lead_client.post(
        LIST, {"action": action, "_selected_action": [one.pk for one in chosen]}, follow=True
    )

    assert set(dataset.topics.filter(is_junk=True).values_list("number", flat=True)) == junk
    assert f"{2 if len(junk) == 3 else 0} of 2 topics changed." in answer.content.decode()


def test_the_list_counts_comments(dataset, lead_client):
    rows = lead_client.get(LIST, {"dataset": dataset.pk, "o": "-3"}).context["cl"].result_list

    assert sum(row.comment_count for row in rows) == 400
    assert rows[0].comment_count == max(row.comment_count for row in rows)
