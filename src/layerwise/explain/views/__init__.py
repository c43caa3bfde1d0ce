"""The views, one file each: `accepts(subject) -> bool` and a registered function that returns an `Explanation`."""
