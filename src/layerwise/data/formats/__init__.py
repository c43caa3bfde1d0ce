"""One file per format: `sniff(path)` says whether a file is of it, `read(path)` returns its source."""
