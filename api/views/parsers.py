"""Request bodies are read as strictly as PostgreSQL stores them."""

from typing import Any

from rest_framework.parsers import BaseParser

from tasks.strict_json import parse_json


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        raw = stream.read()
        return parse_json(raw) if raw.strip() else {}
