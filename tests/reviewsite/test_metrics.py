"""/metrics, and the alert rules and the dashboard that read it."""

import json
import re

import pytest
import yaml
from django.conf import settings as configured
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import client_of, reviewed

DASHBOARD = configured.BASE_DIR / "deploy/grafana/countersign.json"
RULES = configured.BASE_DIR / "deploy/prometheus/countersign.yml"


def scraped(client, token: str = "of the scraper") -> dict[tuple[str, str], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("setting", "sent"), [("", ""), ("", "of the scraper"), ("of the scraper", "another")]
)
def test_without_its_token_there_is_no_such_address(client, settings, db, setting, sent):
    settings.METRICS_TOKEN = setting

    assert client.get("/metrics", headers={"Authorization": f"Bearer {sent}"}).status_code == 404


def test_it_has_the_parts_the_totals_and_the_requests(client, house, settings):
    settings.METRICS_TOKEN = "of the scraper"
    before = scraped(client)
    reviewed(house.annotation, house.reviewer)
    client_of(house.lead).get(f"/api/tasks/{house.task.pk}/")
    after = scraped(client)

    assert (after["countersign_up", "database"], after["countersign_up", "beat"]) == (1, 0)
    asked = ("countersign_requests_total", "GET,^api/tasks/(?P<pk>[0-9]+)/$,200")
    names = {name for name, labels in after if name == asked[0] and "tasks" in labels}
    assert names == {asked[0]}
    assert sum(after[key] - before.get(key, 0) for key in after if key[0] == asked[0]) >= 1
    assert ("countersign_accepted", "") in after


def test_a_method_that_anybody_made_up_is_no_series_of_its_own(client, db, settings):
    settings.METRICS_TOKEN = "of the scraper"
    client.generic("MADEUP", "/api/version/")

    assert "MADEUP" not in str(scraped(client))


def test_alert_rules_and_the_dashboard_read_what_there_is(client, house, settings):
    settings.METRICS_TOKEN = "of the scraper"
    client.get("/api/version/")
    known = {name for name, _ in scraped(client)}
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    dashboard = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    read = {
        name
        for expression in (*asked, *(rule["expr"] for rule in rules))
        for name in re.findall(r"countersign_\w+", expression)
    }

    assert read - known == set()
    assert all({"alert", "expr", "for", "labels", "annotations"} <= rule.keys() for rule in rules)
