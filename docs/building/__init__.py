"""What `docs/build.py` is made of: pages are read, executed, written as Markdown and as notebooks."""
