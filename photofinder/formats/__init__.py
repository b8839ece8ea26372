"""How times are written: with their zone, since whoever reads one may be in another."""
