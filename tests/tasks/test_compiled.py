"""A compiled query finds what the queryset finds, for every reader."""

import pytest

from api.views.annotations import one_readable
from tasks import compiled
from tasks.compiled import CompiledGet, compiled_for_reader
from tasks.models import Annotation
from tasks.services import annotations, members
from tests import factories
from tests.factories import result
from users.models import User

EVERYONE = ("lead", "reviewer", "annotator", "annotator2", "stranger", "admin")


@pytest.mark.parametrize("who", EVERYONE)
def test_it_finds_what_the_reader_sees(house, who):
    reader = User.objects.get(pk=getattr(house, who).pk)
    hidden = factories.annotation(factories.task(house.project), house.annotator2)
    annotations.convert_to_draft(hidden.pk, actor=house.annotator2)
    ids = {house.annotation.pk, hidden.pk, factories.annotation(factories.task(house.project), reader).pk}

    found = {pk for pk in ids if compiled_for_reader(one_readable, reader).get(pk)}

    assert found == set(one_readable(reader).filter(pk__in=ids).values_list("pk", flat=True))


def test_a_row_is_as_the_queryset_reads_it(house, django_assert_num_queries):
    annotations.edit(house.annotation.pk, {"result": result("B"), "lead_time": 2.5}, actor=house.annotator)
    query = Annotation.objects.with_config_outdated().select_related("completed_by", "project", "task")
    plain = query.get(pk=house.annotation.pk)

    with django_assert_num_queries(1):
        row = CompiledGet(query).get(house.annotation.pk)
        others = [row.completed_by, row.project, row.task]

    assert row == plain
    assert not row._state.adding
    for one, same in zip([row, *others], [plain, plain.completed_by, plain.project, plain.task], strict=True):
        assert {k: v for k, v in vars(one).items() if k != "_state"} == {
            k: v for k, v in vars(same).items() if k != "_state"
        }


def test_a_null_relation_is_none(house):
    row = CompiledGet(Annotation.objects.select_related("updated_by")).get(house.annotation.pk)

    assert row.updated_by_id is row.updated_by is None


def test_it_is_compiled_anew_when_the_rights_of_the_reader_change(house):
    reader = User.objects.get(pk=house.stranger.pk)
    assert compiled_for_reader(one_readable, reader).get(house.annotation.pk) is None

    members.set_role(house.project, reader, "RE")

    assert compiled_for_reader(one_readable, reader).get(house.annotation.pk) == house.annotation


def test_it_is_compiled_once_for_a_reader(house):
    reader, again = (User.objects.get(pk=house.reviewer.pk) for _ in range(2))

    assert compiled_for_reader(one_readable, reader) is compiled_for_reader(one_readable, again)
    assert compiled._compiled.cache_info().maxsize == 500
