"""The nouns: plain data, standard library only."""
