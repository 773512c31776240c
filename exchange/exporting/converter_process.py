"""Label Studio's converter, run on one prepared file in a process of its own, maybe of another interpreter.

Started by exchange.exporting.converter with a JSON object on its standard input; imports nothing of this
project. The converter would read files and addresses that tasks name: here it may read what Python is made
of and its own folder, write to that folder, and neither connect anywhere nor start programs.
"""

import json
import os
import resource
import sys

REFUSED = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "urllib.",
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    order = json.load(sys.stdin)
    limit(order)
    from label_studio_sdk.converter import converter as sdk
    from label_studio_sdk.converter.utils import parse_config

    # It would fetch what an address names, and put a hash of the address before the name of every file.
    sdk.get_local_path = lambda url, **_: os.path.join(order["output"], url)

    confine(os.path.realpath(order["folder"]))
    schema = parse_config(order["label_config"])
    controls = {name: about for name, about in schema.items() if name in order["controls"]}
    converter = sdk.Converter(config=controls, project_dir=order["folder"], download_resources=False)
    converter.convert(order["input"], order["output"], order["format"], is_dir=False)


def limit(order: dict) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, order["memory_bytes"]),
        (resource.RLIMIT_CPU, order["seconds"]),
        (resource.RLIMIT_FSIZE, order["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def confine(folder: str) -> None:
    readable = tuple({os.path.realpath(path) + os.sep for path in (folder, sys.prefix, sys.base_prefix)})

    def audit(event: str, about: tuple) -> None:
        if event.startswith(REFUSED):
            raise PermissionError(f"{event} is not allowed here")
        if event == "open" and isinstance(about[0], str | bytes):
            path = os.path.realpath(os.fsdecode(about[0]))
            inside = path == folder or path.startswith(folder + os.sep)
            if not inside and ((about[2] or 0) & WRITES or not path.startswith(readable)):
                raise PermissionError(f"{path} is not to be opened here")

    sys.addaudithook(audit)


if __name__ == "__main__":
    main()
