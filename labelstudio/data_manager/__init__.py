"""Label Studio's data manager: the columns of its table, saved tabs, and actions on a selection of tasks."""
