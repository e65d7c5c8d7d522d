"""Store: the lake of Delta tables that every report is derived from."""
