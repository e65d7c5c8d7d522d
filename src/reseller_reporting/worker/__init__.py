"""The worker: takes jobs from the control database and does each in a process of its own."""
