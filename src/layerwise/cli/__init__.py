"""The command line: thin commands that call the workflow and print what came of it. Torch is imported inside them."""
