"""The demonstration: the whole main job over HTTP, against a sandbox, on this machine."""
