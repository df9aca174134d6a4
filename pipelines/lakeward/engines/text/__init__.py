"""Files of text as SQL over numbered lines, for any engine that can say a few words of it."""
