import pytest

from audits import audit_models, fitting, reports, results, scaffolds
from audits.models import Report, Version
from users.errors import Refused

from . import factories


@pytest.fixture
def version(dataset, ada) -> Version:
    return factories.fitted(dataset, ada)


def described(found: list[Report]) -> list[tuple]:
    return [(one.title, one.error_type, one.topic, one.state) for one in found]


def test_personal_reports_are_about_the_worst_topics_of_each_error_type(version, ada):
    found, is_new = scaffolds.start(version.model, "personal", actor=ada)
    worst = results.worst_topics(fitting.require_version(version.model))
    assert worst["under"]
    assert is_new
    assert described(found) == [
        (f"{words} is removed: {row.topic.label}", kind, row.topic, "draft")
        for kind, words in (("under", "Too little"), ("over", "Too much"))
        for row in worst[kind]
    ]
    assert "the system keeps many comments" in scaffolds.hint(found[0])


def test_personal_reports_can_begin_from_a_group(dataset, ada):
    group = audit_models.create(dataset, actor=ada, name="Women", kind="group", filters={"gender": "female"})
    fitting.fit(group)
    found, _ = scaffolds.start(group, "personal", actor=ada)
    worst = results.worst_topics(fitting.require_version(group))
    assert [one.topic for one in found] == [row.topic for rows in worst.values() for row in rows]


def test_personal_reports_need_a_fitted_model(dataset, ada):
    with pytest.raises(Refused) as refused:
        scaffolds.start(factories.personal(dataset, ada), "personal", actor=ada)
    assert refused.value.code == "not_fitted"
    assert not Report.objects.exists()


def test_prompts_are_five_open_questions(dataset, ada):
    found, _ = scaffolds.start(factories.personal(dataset, ada), "prompts", actor=ada)
    assert [(one.title, one.error_type) for one in found] == [
        ("Words we use among ourselves", "over"),
        ("Hostility in polite words", "under"),
        ("Subjects that are ours", "over"),
        ("Some of us more than others", "both"),
        ("What drives people away", "under"),
    ]
    assert all(scaffolds.hint(one).endswith("?") for one in found)


def test_fixed_reports_are_the_same_for_everybody(dataset, ada, ben):
    of = [scaffolds.start(factories.personal(dataset, who), "fixed", actor=who)[0] for who in (ada, ben)]
    assert described(of[0]) == described(of[1])
    assert len(of[0]) == 5


def test_the_tutorial_begins_with_evidence(version, ada):
    [report], _ = scaffolds.start(version.model, "tutorial", actor=ada)
    [evidence] = report.evidence.all()
    assert (evidence.version, evidence.topic) == (version, report.topic.label)
    assert reports.missing(report) == ["error_type", "category", "summary"]


def test_the_tutorial_works_before_a_fit(dataset, ada):
    [report], _ = scaffolds.start(factories.personal(dataset, ada), "tutorial", actor=ada)
    assert report.evidence.get().predicted is None


def test_begun_again_a_scaffold_makes_only_what_is_not_there(dataset, ada):
    model = factories.personal(dataset, ada)
    found, _ = scaffolds.start(model, "prompts", actor=ada)
    reports.change(found[0], {"summary": "Begun"}, actor=ada)
    reports.delete(found[1], actor=ada)
    again, is_new = scaffolds.start(model, "prompts", actor=ada)
    assert is_new
    assert [one.pk for one in again if one in found] == [found[place].pk for place in (0, 2, 3, 4)]
    assert again[0].summary == "Begun"
    assert scaffolds.start(model, "prompts", actor=ada) == (again, False)


def test_empty_reports_are_as_many_as_one_likes(dataset, ada):
    model = factories.personal(dataset, ada)
    for _ in range(2):
        [report], is_new = scaffolds.start(model, "empty", actor=ada)
        assert (report.title, is_new, scaffolds.hint(report)) == ("", True, "")
    assert Report.objects.count() == 2


@pytest.mark.parametrize("scaffold", ["", "other", "PERSONAL"])
def test_other_scaffolds_are_refused(dataset, ada, scaffold):
    with pytest.raises(Refused) as refused:
        scaffolds.start(factories.personal(dataset, ada), scaffold, actor=ada)
    assert refused.value.code == "invalid_scaffold"


@pytest.mark.parametrize("scaffold", ["empty", "prompts"])
def test_nobody_begins_reports_of_somebody_elses_model(dataset, ada, ben, scaffold):
    with pytest.raises(Refused) as refused:
        scaffolds.start(factories.personal(dataset, ada), scaffold, actor=ben)
    assert refused.value.status == 404
    assert not Report.objects.exists()
