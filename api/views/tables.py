"""Small tables as files."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

from exchange.exporting.formats import cell


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A download. `rows` are values of the columns; texts that a spreadsheet would run are quoted."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return response
