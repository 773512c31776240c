"""Two projects with data, and logged-in browsers for their people."""

from tests.admin_fixtures import admin_client, elsewhere, filled, lead_client

__all__ = ["admin_client", "elsewhere", "filled", "lead_client"]
