"""The report of a run: one HTML page that needs no script, no network and no other file."""
