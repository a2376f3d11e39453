"""How long between two looks at a condition that is waited for."""


def pause(waited: float, first: float = 0.02) -> float:
    """Seconds: a tenth of what was waited, so that waiting neither costs the processor's time nor takes much longer."""
    return min(0.25, max(first, waited / 10))
