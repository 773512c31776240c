"""The numbers a lead sees, and how many statements they cost."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crowd.importing.importer import import_items
from crowd.measuring import measure
from crowd.models import Campaign, Item, Participation, Submission

from ..factories import claimed, lines, review_next, reviewer


def watch(campaign: Campaign) -> str:
    return reverse("admin:crowd_campaign_watch", args=[campaign.pk])


@pytest.fixture
def reviewed(campaign) -> Campaign:
    """One item is finished: 3, 3 and 1 for where; somebody holds another one."""
    a, b = Item.objects.filter(anno_id="a"), reviewer()
    Item.objects.exclude(anno_id="a").update(open_slots=0)
    campaign.slots.exclude(item__in=a).delete()
    for sg in (3, 3, 1):
        review_next(campaign, reviewer(), sg=sg)
    import_items(campaign, BytesIO(lines("d")))
    claimed(campaign, b)
    measure(campaign)
    return campaign


def test_the_page_of_a_campaign_has_its_numbers(reviewed, lead_client):
    page = lead_client.get(watch(reviewed))

    seen = page.context
    assert (seen["totals"].reviews, seen["totals"].reviewers) == (3, 3)
    assert (seen["wanted"], seen["in_hand"]) == (12, 1)
    where = seen["scores"][1]
    assert (where["title"], where["counts"], where["agreement"]) == ("Where", [1, 0, 2], "33%")
    assert ("keep", 1) in seen["outcomes"]
    assert [slot.item.anno_id for slot in seen["held"]] == ["d"]


def test_what_changes_is_fetched_without_the_rest(reviewed, lead_client):
    part = lead_client.get(watch(reviewed), headers={"HX-Request": "true"})

    assert part.content.decode().lstrip().startswith('<section id="now"')
    assert "Scores" not in part.content.decode()


def test_the_list_of_items_is_filtered_and_sorted(reviewed, lead_client):
    def listed(**query: object) -> list[str]:
        rows = lead_client.get(reverse("admin:crowd_item_changelist"), {"campaign": reviewed.pk} | query)
        return [item.anno_id for item in rows.context["cl"].result_list]

    assert listed() == ["a", "b", "c", "d"]
    assert listed(done="no") == ["d"]
    assert listed(disagreement="yes") == ["a"]
    assert listed(disagreement="posterior") == []
    assert listed(outcome="keep") == ["a"]
    assert listed(o="-4")[0] == "a"
    assert listed(q="d") == ["d"]


def test_the_page_of_an_item_has_what_was_shown_and_every_review(campaign, lead_client):
    item = review_next(campaign, reviewer(), tg=1).submission.item
    item.line |= {"keyframes": [{"image": "a.png", "width": 100, "height": 50, "boxes": [[1, 2, 3, 4]]}]}
    item.save(update_fields=["line"])
    Submission.objects.update(comment="<b>wrong</b>")

    page = lead_client.get(reverse("admin:crowd_item_change", args=[item.pk]))

    text = page.content.decode()
    assert 'viewBox="0 0 100 50"' in text
    assert '<rect x="1' in text
    assert "&lt;b&gt;wrong&lt;/b&gt;" in text
    ((answers),) = [one["answers"] for one in page.context["all_reviews"]]
    assert answers == [(1, "image"), (3, "text"), (3, "counting, audio")]


def test_an_item_whose_line_cannot_be_read_any_more_opens(campaign, lead_client):
    item = Item.objects.first()
    for line in ({"keyframes": 7}, [], "x", {"tg": []}):
        Item.objects.filter(pk=item.pk).update(line=line)
        assert lead_client.get(reverse("admin:crowd_item_change", args=[item.pk])).status_code == 200


def test_reviewers_are_listed_with_their_record_and_what_can_be_done(campaign, lead_client):
    import_items(campaign, BytesIO(lines("d", "e")))
    fast, slow = reviewer(), reviewer()
    for who in (fast, slow):
        for _ in range(5):
            review_next(campaign, who)
    Submission.objects.filter(reviewer=slow).update(seconds=60)
    Submission.objects.filter(reviewer=fast).update(seconds=1)
    measure(campaign)

    page = lead_client.get(
        reverse("admin:crowd_participation_changelist"), {"campaign": campaign.pk, "flag": "fast"}
    )

    assert [row.reviewer for row in page.context["cl"].result_list] == [fast]
    text = page.content.decode()
    assert "too fast" in text
    assert reverse("admin:crowd_campaign_block", args=[campaign.pk, fast.pk]) in text
    assert fast.public_id in lead_client.get(watch(campaign)).content.decode()


def statements(client, path: str) -> int:
    client.get(path)  # fills Django's cache of content types
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len(asked)


def test_pages_cost_as_many_statements_for_ten_times_the_rows(campaign, house, lead_client):
    first = review_next(campaign, reviewer()).submission.item
    claimed(campaign, reviewer())
    pages = [
        watch(campaign),
        f"{reverse('admin:crowd_item_changelist')}?campaign={campaign.pk}",
        reverse("admin:crowd_item_change", args=[first.pk]),
        f"{reverse('admin:crowd_participation_changelist')}?campaign={campaign.pk}",
        f"{reverse('admin:crowd_submission_changelist')}?campaign={campaign.pk}",
        f"{reverse('admin:crowd_slot_changelist')}?campaign={campaign.pk}",
        reverse("admin:crowd_campaign_changelist"),
    ]
    few = [statements(lead_client, page) for page in pages]

    import_items(campaign, BytesIO(lines(*(f"more-{n}" for n in range(27)))))
    for _ in range(9):
        who = reviewer()
        for _ in range(5):
            review_next(campaign, who)
        claimed(campaign, who)
    measure(campaign)

    assert [statements(lead_client, page) for page in pages] == few
    assert max(few) <= 25
    assert Participation.objects.count() == 11


def test_an_item_whose_estimate_differs_from_its_median_is_found(reviewed, lead_client):
    """Three reviews say delete, of which the reliable one says keep."""
    Item.objects.filter(anno_id="a").update(
        outcome="delete", posterior={"keep": 0.9, "needs_fix": 0.02, "delete": 0.08}, certainty=0.08
    )

    rows = lead_client.get(
        reverse("admin:crowd_item_changelist"), {"campaign": reviewed.pk, "disagreement": "posterior"}
    )

    assert [item.anno_id for item in rows.context["cl"].result_list] == ["a"]


@pytest.mark.parametrize(
    ("repo", "shown"), [("", False), ("lab/kettles", True)], ids=["no repository", "no token"]
)
def test_the_page_says_why_reviews_are_not_pushed(reviewed, lead_client, repo, shown):
    Campaign.objects.update(hub_repo=repo)

    page = lead_client.get(watch(reviewed)).content.decode()

    assert ("There is no token for the hub" in page) == shown
    assert ("3 reviews wait" in page) == shown
