"""One module per family of addresses; each gives an ``APIRouter``."""
