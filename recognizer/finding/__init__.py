"""Finding lines: from the maps of the network to lines in reading order."""
