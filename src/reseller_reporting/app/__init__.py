"""App: the use cases, a verb each. Only here do the rooms meet."""
