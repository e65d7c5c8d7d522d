"""Model: the nouns, pure. No clock, no files, no network; every room speaks in these."""
