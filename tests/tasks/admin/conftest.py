"""Two projects, filled, and the browsers of their people."""

from tests.admin_fixtures import admin_client, elsewhere, filled, lead_client

__all__ = ["admin_client", "elsewhere", "filled", "lead_client"]
