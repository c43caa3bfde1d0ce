"""Stage 6 of the experiment scheme: honest measurement, with an interval and a baseline beside every figure."""
