"""The versions of label configurations in the admin."""

from tasks.models import LabelConfigVersion, Project
from tests.factories import CHOICES
from tests.tasks.admin.test_projects import ADD, as_filled_in, page_of

NO_A = CHOICES.replace('<Choice value="A"/>', "")


def test_a_projects_page_lists_its_label_configurations(house, lead_client):
    lead_client.post(
        page_of(house.project),
        as_filled_in(lead_client, page_of(house.project), label_config="<View>  </View>", force="on"),
    )

    page = lead_client.get(page_of(house.project)).content.decode()

    assert LabelConfigVersion.objects.filter(project=house.project).count() == 2
    assert "newest label configurations" in page.lower()
    assert "&lt;View&gt;  &lt;/View&gt;" in page


def test_a_label_in_use_is_dropped_by_force_only(house, lead_client):
    page = page_of(house.project)

    refused = lead_client.post(page, as_filled_in(lead_client, page, label_config=NO_A))
    kept = Project.objects.get(pk=house.project.pk).label_config
    forced = lead_client.post(page, as_filled_in(lead_client, page, label_config=NO_A, force="on"))

    assert list(refused.context["adminform"].form.errors) == ["label_config"]
    assert (kept, forced.status_code) == (CHOICES, 302)
    assert Project.objects.get(pk=house.project.pk).label_config == NO_A


def test_a_new_project_is_not_forced(lead_client, house):
    assert "force" not in lead_client.get(ADD).content.decode().lower().split("name=")

    answer = lead_client.post(ADD, as_filled_in(lead_client, ADD, title="New letters", label_config=CHOICES))

    assert answer.status_code == 302
    assert LabelConfigVersion.objects.get(project__title="New letters").number == 1


def test_a_mistake_is_said_beside_the_field(lead_client, house):
    bad = CHOICES.replace("Choices", "Choises")

    answer = lead_client.post(ADD, as_filled_in(lead_client, ADD, title="New letters", label_config=bad))

    (said,) = answer.context["adminform"].form.errors["label_config"]
    assert said == "Line 2: <Choises> is not a tag of Label Studio. Nearest: <Choices>."
