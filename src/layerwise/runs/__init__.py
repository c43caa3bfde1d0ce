"""The run folder: everything a run made, in plain documented files, read and written in one place."""
