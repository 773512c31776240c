"""What an API client reads of data sets."""

from tests.audits import factories
from tests.factories import client_of


def test_data_sets_of_ones_projects_and_of_none_are_listed(house, ada):
    of_nobody = factories.dataset(is_fitted=False)
    of_project = factories.dataset(project=house.project, is_fitted=False)

    def listed(user) -> list[int]:
        return [one["id"] for one in client_of(user).get("/api/audits/datasets/").json()["results"]]

    assert listed(house.annotator) == [of_project.pk, of_nobody.pk]
    assert listed(ada) == [of_nobody.pk]
    assert client_of(ada).get(f"/api/audits/datasets/{of_project.pk}/").status_code == 404
