from io import BytesIO

import pytest

from crowd.importing.from_project import chosen, rubric_for, write_lines
from crowd.importing.importer import import_items
from crowd.models import Campaign, Item
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Annotation, Project, View
from tests import factories
from tests.factories import BOXES, annotation, boxes, reviewed, task

pytestmark = pytest.mark.django_db


def lines_of(project: Project, *, keys: tuple[str, ...] = ("sg", "qa")) -> list[dict]:
    """What is imported, and shown: read back from the items."""
    campaign = Campaign.objects.create(
        project=project, slug="made", title="Made", created_by=project.created_by, rubric=rubric_for(project)
    )
    file = BytesIO()
    write_lines(project, chosen(project, project.created_by), file, keys=keys)
    assert import_items(campaign, file).bad_lines == 0
    return [item.line for item in Item.objects.order_by("position")]


def keys_of(rubric: dict) -> list[str]:
    return [question["key"] for question in rubric["questions"]]


def test_an_item_shows_the_image_of_the_task_with_the_boxes_of_the_annotation(house):
    project = factories.project(lead=house.lead, title="Boxes", label_config=BOXES)
    kettle = task(project, image="https://images.example.org/1.jpg")
    made = annotation(kettle, house.lead, result=boxes("Car", "Tree"))

    (line,) = lines_of(project)

    assert keys_of(rubric_for(project)) == ["sg"]
    assert line == {
        "anno_id": f"annotation-{made.pk}",
        "annotation_unique_id": str(made.unique_id),
        "last_annotation_history": made.last_row_to_see,
        "keyframes": [
            {
                "image": "https://images.example.org/1.jpg",
                "width": 600.0,
                "height": 400.0,
                "boxes": [
                    {"x": 0.0, "y": 20.0, "w": 120.0, "h": 40.0, "label": "Car"},
                    {"x": 60.0, "y": 20.0, "w": 120.0, "h": 40.0, "label": "Tree"},
                ],
            }
        ],
        "sg": {"answer": "Car × 1, Tree × 1"},
        "qa": {},
        "meta": {"task": kettle.pk, "project": project.pk},
    }
    assert Item.objects.get().annotation == made


def test_an_item_of_a_text_asks_about_the_text_and_what_was_chosen(house):
    (line,) = lines_of(house.project)

    assert keys_of(rubric_for(house.project)) == ["qa"]
    assert line["qa"] == {"question": "A letter", "answer": "A", "options": ["A", "B", "C"]}


def test_without_a_size_boxes_are_parts_of_the_image_and_a_turned_one_is_drawn_around(house):
    project = factories.project(lead=house.lead, title="Boxes", label_config=BOXES)
    turned = boxes("Car")
    del turned[0]["original_width"]
    turned[0]["value"] |= {"x": 50.0, "y": 50.0, "width": 20.0, "height": 10.0, "rotation": 90}
    annotation(task(project, image="refs/a.jpg"), house.lead, result=turned)

    (line,) = lines_of(project)

    assert line["keyframes"] == [
        {"image": "refs/a.jpg", "boxes": [{"x": 0.4, "y": 0.5, "w": 0.1, "h": 0.2, "label": "Car"}]}
    ]


def test_a_file_of_the_project_is_shown_from_the_media_folder(house):
    project = factories.project(lead=house.lead, title="Boxes", label_config=BOXES)
    annotation(task(project, image=f"/data/upload/{project.pk}/a.png"), house.lead, result=boxes())
    annotation(task(project, image=f"/data/upload/{house.project.pk}/b.png"), house.lead, result=boxes())
    file = BytesIO()

    written = write_lines(project, chosen(project, house.lead), file, keys=["sg"])

    # A file of another project is not shown.
    assert (written.lines, written.uploads) == (2, {"a.png"})
    assert file.getvalue().count(b"uploads/a.png") == 1
    assert b"b.png" not in file.getvalue()


@pytest.fixture
def letters(house) -> dict[str, Annotation]:
    """An accepted B and a rejected C beside the A that waits."""
    accepted = annotation(task(house.project, text="Second"), house.annotator, "B")
    reviewed(accepted, house.reviewer)
    rejected = annotation(task(house.project, text="Third"), house.annotator, "C")
    reviewed(rejected, house.reviewer, ActionType.REJECTED, comment="Look again")
    return {"waiting": house.annotation, "accepted": accepted, "rejected": rejected}


def tab(project: Project, text: str) -> View:
    item = {"filter": "filter:tasks:data.text", "type": "String", "operator": "contains", "value": text}
    return View.objects.create(project=project, data={"filters": {"conjunction": "and", "items": [item]}})


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({}, ["waiting", "accepted", "rejected"]),
        ({"last_actions": ["accepted"]}, ["accepted"]),
        ({"label": "C"}, ["rejected"]),
        ({"last_actions": ["accepted", "rejected"], "label": "B"}, ["accepted"]),
        ({"tab": "Third"}, ["rejected"]),
    ],
)
def test_annotations_are_chosen_by_action_label_and_tab(house, letters, choice, found):
    if "tab" in choice:
        choice = {"tab": tab(house.project, choice["tab"])}

    rows = chosen(house.project, house.lead, **choice)

    assert list(rows) == [letters[name] for name in found]


def test_a_choice_without_annotations_is_refused(house):
    with pytest.raises(Refused) as refused:
        chosen(house.project, house.lead, label="Z")
    assert refused.value.code == "nothing_chosen"
