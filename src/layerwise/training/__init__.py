"""Stage 5 of the experiment scheme: learning. Only `loop.py` calls `backward()`."""
