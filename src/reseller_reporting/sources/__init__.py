"""Sources: the world brought to our tables. KAZOO over the network, and files of calls."""
