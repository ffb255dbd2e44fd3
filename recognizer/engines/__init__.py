"""Running the networks: torch, or ONNX Runtime in floats and in integers, from the same weights."""
