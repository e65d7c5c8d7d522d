"""How dates are written where a language has no one way."""
