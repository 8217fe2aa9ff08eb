"""ActivityPub as values and functions: no storage, no web framework, no configuration, no clock."""
