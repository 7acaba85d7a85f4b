"""The deterministic core: events, log, site, schedules, linkage and the Engine that folds facts into conclusions."""
