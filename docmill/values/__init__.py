"""Values every room speaks in: geometry, pages, fields, outcomes, options, keys. They import nothing of the rooms above and do no I/O."""
