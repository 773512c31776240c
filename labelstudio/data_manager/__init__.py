"""Label Studio's data manager: columns, saved views, the filter grammar, and actions on a selection of tasks."""
