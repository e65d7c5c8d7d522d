"""Simulate: a made-up world of a reseller, and the KAZOO that serves it over HTTP. See README.md beside this file."""
