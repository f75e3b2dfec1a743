"""The inventory's items, one module per pair: data only (see ``course_utils.inventory``)."""
