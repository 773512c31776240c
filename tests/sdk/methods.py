"""Print every method of the SDK on the resources of this site, one on a line. Runs in the SDK's
environment."""

import inspect

from label_studio_sdk import LabelStudio

RESOURCES = (
    "users tokens versions projects projects.members projects.members.paginated projects.members.bulk "
    "projects.roles projects.assignments projects.exports tasks annotations annotation_history "
    "annotation_reviews predictions comments views actions webhooks"
)


def main() -> None:
    client = LabelStudio(base_url="http://localhost", api_key="none")
    for resource in RESOURCES.split():
        found = client
        for part in resource.split("."):
            found = getattr(found, part)
        for name, _ in inspect.getmembers(found, inspect.ismethod):
            if not name.startswith("_"):
                print(f"{resource}.{name}")


if __name__ == "__main__":
    main()
