"""Stage 3 of the experiment scheme: what is asked of the data. One file a task."""
