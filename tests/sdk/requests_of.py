"""Print what every method of the SDK sends, one JSON object on a line: `{name, method, path, query, body}`,
with the names as they are on the wire. Runs in the SDK's environment."""

import ast
import inspect
import json
import textwrap

from label_studio_sdk import LabelStudio
from methods import RESOURCES


def main() -> None:
    client = LabelStudio(base_url="http://localhost", api_key="none")
    for resource in RESOURCES.split():
        found = client
        for part in resource.split("."):
            found = getattr(found, part)
        raw = getattr(found, "with_raw_response", None) or found
        for name, method in inspect.getmembers(raw, inspect.ismethod):
            if not name.startswith("_") and (sent := request_in(method)):
                print(json.dumps({"name": f"{resource}.{name}", **sent}))


def request_in(method) -> dict | None:
    """The request that its code makes; none if it is made of others."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    for call in ast.walk(tree):
        if (
            isinstance(call, ast.Call)
            and getattr(call.func, "attr", "") in ("request", "stream")
            and call.args
        ):
            named = {keyword.arg: keyword.value for keyword in call.keywords}
            if "method" in named:
                return {
                    "method": named["method"].value,
                    "path": path_of(call.args[0]),
                    "query": keys_of(named.get("params")),
                    "body": keys_of(named.get("json")),
                }
    return None


def path_of(node) -> str:
    if isinstance(node, ast.Constant):
        return node.value
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def keys_of(node) -> list[str]:
    return (
        [key.value for key in node.keys if isinstance(key, ast.Constant)]
        if isinstance(node, ast.Dict)
        else []
    )


if __name__ == "__main__":
    main()
