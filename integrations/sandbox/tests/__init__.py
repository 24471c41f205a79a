"""Tests of the sandbox, over the wire wherever that is possible."""
