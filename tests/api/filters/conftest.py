from tests.task_table import ask, found, table

__all__ = ["ask", "found", "table"]
