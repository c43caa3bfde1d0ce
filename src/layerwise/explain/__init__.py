"""What is inside a network: its layer table, what passes through it, and the arithmetic of its steps, checked.

- `layers`: the layer table
- `recorder`, `trace`: what every module took and gave; which operations a loss is made of
- `arithmetic`, `explanation`, `drawing`, `page`: numbers that must agree, and how they are shown
- `replay`: a whole training step by hand
- `views`: one file a view
"""
