"""The paragraph reader: pages without finding lines."""
