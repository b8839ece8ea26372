"""What the index makes of an image: hashes, embedding, category, duplicates, words."""
