"""The networks, one file per architecture: pure ``nn.Module``, no training and no file access."""
