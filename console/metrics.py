"""The figures of `/metrics`, in Prometheus's text form (prometheus.io, "Exposition formats")."""

from __future__ import annotations

from collections.abc import Mapping

from ..router.supervise import Watched


def figures(tasks: Mapping[str, Watched], others: Mapping[str, tuple[str, float]]) -> bytes:
    """The supervised tasks by name, and single figures: name → what it says and how much."""
    # Here, because no start waits for it: not every Tierline is asked for its figures.
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    up = Gauge("tierline_task_up", "Whether a supervised task is running", ["task"], registry=registry)
    deaths = Gauge("tierline_task_deaths", "How often a supervised task died", ["task"], registry=registry)
    for name, it in tasks.items():
        up.labels(name).set(it.up)
        deaths.labels(name).set(it.deaths)
    for name, (what, figure) in others.items():
        Gauge(name, what, registry=registry).set(figure)
    return generate_latest(registry)
