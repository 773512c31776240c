import pytest

from audits import audit_models, deletion, groups
from audits.models import AuditModel, Kind
from users.errors import Refused

from . import factories


def test_a_name_is_taken_once_by_a_person(dataset, ada, ben):
    factories.personal(dataset, ada, "Mine")
    factories.personal(dataset, ben, "Mine")
    with pytest.raises(Refused, match='"Mine" already') as refused:
        factories.personal(dataset, ada, " Mine ")
    assert refused.value.code == "name_taken"
    assert audit_models.suggest_name(dataset, ada) != "Mine"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "invalid_name"),
        ({"name": "x" * 101}, "invalid_name"),
        ({"name": "a\0b"}, "invalid_name"),
        ({"kind": "family"}, "invalid_kind"),
        ({"kind": "topic"}, "invalid_parent"),
        ({"kind": "group"}, "no_filters"),
        ({"kind": "group", "filters": {"gender": ""}}, "no_filters"),
        ({"kind": "group", "filters": {"shoe size": "43"}}, "unknown_filter"),
        ({"kind": "group", "filters": {"gender": 3}}, "invalid_filters"),
        ({"kind": "group", "filters": {"gender": "nobody says this"}}, "group_too_small"),
        ({"filters": {"gender": "female"}}, "only_for_groups"),
    ],
)
def test_models_that_cannot_be(dataset, ada, fields, code):
    with pytest.raises(Refused) as refused:
        audit_models.create(dataset, actor=ada, **{"name": "Mine"} | fields)
    assert refused.value.code == code
    assert not AuditModel.objects.exists()


def test_a_data_set_that_was_deleted_meanwhile_gets_no_model(dataset, ada):
    deletion.delete(dataset, actor=factories.admin())

    with pytest.raises(Refused) as refused:
        audit_models.create(dataset, actor=ada, name="Late")

    assert (refused.value.status, AuditModel.objects.count()) == (404, 0)


def test_a_topic_model_starts_from_a_personal_model_of_ones_own(dataset, ada, ben):
    mine, theirs = factories.personal(dataset, ada), factories.personal(dataset, ben)
    bicycles = dataset.topics.get(label="bicycles")

    def tuned(parent, topic):
        return audit_models.create(
            dataset, actor=ada, name="Bicycles", kind=Kind.TOPIC, parent=parent, topic=topic
        )

    for parent, topic, code in (
        (theirs, bicycles, "invalid_parent"),
        (mine, None, "invalid_topic"),
        (mine, dataset.topics.get(label="Outliers"), "invalid_topic"),
        (mine, dataset.topics.order_by("number").last(), "topic_too_small"),
    ):
        with pytest.raises(Refused) as refused:
            tuned(parent, topic)
        assert refused.value.code == code
    assert tuned(mine, bicycles).topic == bicycles


def test_the_size_of_a_group(dataset):
    women = dataset.raters.filter(gender="female", races__contains=["white"]).count()
    assert women >= 5
    found = groups.group_size(dataset, {"gender": "female", "race": "white", "politics": ""})
    assert found == groups.GroupSize(women, is_suppressed=False)


def test_the_size_of_a_small_group_is_not_told(dataset):
    dataset.raters.filter(gender="non-binary").update(gender="female")
    for number, rater in enumerate(dataset.raters.all()[:5]):
        rater.religion = "a rare one"
        rater.save(update_fields=["religion"])
        found = groups.group_size(dataset, {"religion": "a rare one"})
        assert found == groups.GroupSize(None if number < 4 else 5, is_suppressed=number < 4)
