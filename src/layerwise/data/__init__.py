"""Stage 1 of the experiment scheme: raw files become typed examples, split and preprocessed."""
