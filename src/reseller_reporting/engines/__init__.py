"""Engines: where work runs. One verb: map."""
