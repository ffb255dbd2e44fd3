"""How the networks learn: from scale, from scratch, from few lines of a hand."""
