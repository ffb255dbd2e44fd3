"""From what the network says of each step to texts: best path, beam, language, plausibility."""
