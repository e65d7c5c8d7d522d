"""KAZOO over the network: its Crossbar API, read only."""
