"""EVT: events and workers."""
