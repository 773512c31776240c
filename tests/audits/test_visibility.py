import pytest

from audits import audit_models, datasets
from audits.models import AuditModel, BaseModel, Dataset, Evidence, Label, Report, ServedComment, Version
from tasks.services import projects
from tests.factories import House, person
from users.errors import Refused

from . import factories

OF_A_PERSON = (AuditModel, Label, ServedComment, Version, Report, Evidence)


def test_members_of_its_project_see_a_dataset_and_strangers_do_not(house: House):
    dataset = factories.dataset(project=house.project)
    for user in (house.lead, house.reviewer, house.annotator, house.admin):
        assert list(Dataset.objects.visible_to(user)) == [dataset]
        assert BaseModel.objects.visible_to(user).count() == 1
    assert not Dataset.objects.visible_to(house.stranger).exists()
    assert not BaseModel.objects.visible_to(house.stranger).exists()
    with pytest.raises(Refused) as refused:
        datasets.get_visible(house.stranger, dataset.pk)
    assert refused.value.status == 404


def test_everybody_signed_in_sees_a_dataset_without_project(dataset, ada):
    assert list(Dataset.objects.visible_to(ada)) == [dataset]
    ada.is_active = False
    assert not Dataset.objects.visible_to(ada).exists()


def test_a_dataset_goes_with_its_project(house: House):
    factories.dataset(project=house.project)
    projects.delete(house.project, actor=house.lead)
    assert not Dataset.objects.visible_to(house.lead).exists()
    assert not Dataset.objects.managed_by(house.admin).exists()


def test_nobody_sees_what_somebody_else_judges_not_even_an_administrator(dataset, ada, ben):
    version = factories.fitted(dataset, ada)
    report = Report.objects.create(model=version.model)
    Evidence.objects.create(report=report, external_id="c1", text="…", topic="hats", system=1)
    assert [model.__name__ for model in OF_A_PERSON if not model.objects.visible_to(ada).exists()] == []
    for other in (ben, factories.admin()):
        assert [model.__name__ for model in OF_A_PERSON if model.objects.visible_to(other).exists()] == []
    with pytest.raises(Refused) as refused:
        audit_models.get_visible(ben, version.model_id)
    assert refused.value.status == 404


def test_ones_own_models_are_hidden_with_their_dataset(house: House):
    dataset = factories.dataset(project=house.project)
    factories.fitted(dataset, house.annotator)
    assert AuditModel.objects.visible_to(house.annotator).exists()
    dataset.project = None
    house.membership(house.annotator).delete()
    stranger_now = type(house.annotator).objects.get(pk=house.annotator.pk)
    assert not AuditModel.objects.visible_to(stranger_now).exists()


def test_leads_change_settings_of_their_datasets_only(house: House):
    of_project, of_all = factories.dataset(project=house.project), factories.dataset()
    assert list(Dataset.objects.managed_by(house.lead)) == [of_project]
    assert set(Dataset.objects.managed_by(house.admin)) == {of_project, of_all}
    assert datasets.update(of_project, {"threshold": 1.5}, actor=house.lead).threshold == 1.5
    for dataset, actor in ((of_project, house.reviewer), (of_all, house.lead)):
        with pytest.raises(Refused) as refused:
            datasets.update(dataset, {"threshold": 1.0}, actor=actor)
        assert refused.value.status == 403
    with pytest.raises(Refused) as refused:
        datasets.update(of_project, {"threshold": 1.0}, actor=person("nobody"))
    assert refused.value.status == 404
    of_project.refresh_from_db()
    assert of_project.threshold == 1.5
