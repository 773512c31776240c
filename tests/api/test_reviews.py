"""Reviews and the history of a project over REST."""

from tests.factories import annotation, client_of, person


def at(house, path: str) -> str:
    return f"/api/projects/{house.project.pk}/{path}"


def test_the_history_of_a_project_comes_in_pages(house):
    annotation(house.task, house.annotator2)
    body = client_of(house.lead).get(at(house, "annotation-history?page_size=1")).json()

    assert (body["count"], len(body["results"])) == (2, 1)
    assert client_of(person("nobody")).get(at(house, "annotation-history")).status_code == 404
    assert len(client_of(house.annotator).get(at(house, "annotation-history")).json()["results"]) == 1
