"""Small pictures for the page, as SVG text: legible on light and dark, no script, no font of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

STYLE = """<style>
text{font:12px system-ui,sans-serif;fill:#24292f}.soft{fill:#57606a}.grid{stroke:#d0d7de}
.limit{stroke:#cf222e;stroke-dasharray:4 3}
.good{fill:#2da44e}.bad{fill:#cf222e}.us{fill:#0969da;stroke:#0969da}.them{fill:#8c959f;stroke:#8c959f}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#3d444d}
.good{fill:#3fb950}.bad{fill:#f85149}.us{fill:#58a6ff;stroke:#58a6ff}.them{fill:#7d8590;stroke:#7d8590}.limit{stroke:#f85149}}
</style>"""


def _svg(width: int, height: int, title: str, body: Sequence[str]) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", STYLE, *body, "</svg>", ""])


def shares(title: str, rows: Sequence[tuple[str, float]]) -> str:
    """Each bar's figure as a share of its limit: what ends left of the line holds."""
    left, wide, step = 400, 300, 24
    at_limit = left + wide * 2 // 3
    body = [f'<line class="limit" x1="{at_limit}" x2="{at_limit}" y1="22" y2="{30 + step * len(rows)}"/>',
            f'<text class="soft" x="{at_limit}" y="14" text-anchor="middle">limit</text>']  # fmt: skip
    for i, (name, share) in enumerate(rows):
        y, long = 28 + i * step, min(wide, wide * 2 / 3 * share)
        kind = "good" if share <= 1 else "bad"
        body.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        body.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{long:.1f}" height="15" rx="2"/>')
        body.append(f'<text class="soft" x="{left + long + 6:.1f}" y="{y + 12}">{share:.0%}</text>')
    return _svg(left + wide + 60, 40 + step * len(rows), title, body)


def rows(title: str, values: Sequence[tuple[str, float]], unit: str, own: str) -> str:
    """A horizontal bar for each; ours stands out."""
    left, wide, step, most = 140, 400, 24, max(value for _, value in values)
    body = [f'<text x="4" y="16">{escape(title)}, {escape(unit)}</text>']
    for i, (name, value) in enumerate(values):
        y, long = 28 + i * step, wide * value / most
        kind = "us" if name == own else "them"
        body.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        body.append(f'<rect class="{kind}" x="{left}" y="{y}" width="{long:.1f}" height="15" rx="2"/>')
        body.append(f'<text class="soft" x="{left + long + 6:.1f}" y="{y + 12}">{number(value)}</text>')
    return _svg(left + wide + 80, 36 + step * len(values), title, body)


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]], own: str) -> str:
    """Values over sizes, both axes logarithmic, each line named at its end."""
    left, top, wide, high = 60, 30, 330, 300
    every = [point for points in series.values() for point in points]
    x0, x1 = (math.log10(f(x for x, _ in every)) for f in (min, max))
    y0, y1 = (f(math.log10(g(y for _, y in every))) for f, g in ((math.floor, min), (math.ceil, max)))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            left + wide * (math.log10(x) - x0) / max(0.01, x1 - x0),
            top + high * (y1 - math.log10(y)) / max(1, y1 - y0),
        )

    body = [f'<text x="4" y="16">{escape(title)}</text>']
    for power in range(int(y0), int(y1) + 1):
        _, y = place(10**x0, 10.0**power)
        body.append(f'<line class="grid" x1="{left}" x2="{left + wide}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(
            f'<text class="soft" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        )
    for x in sorted({x for x, _ in every}):
        body.append(
            f'<text class="soft" x="{place(x, 1)[0]:.1f}" y="{top + high + 18}" text-anchor="middle">{x:,.0f}</text>'
        )
    taken: list[float] = []
    for name, points in sorted(series.items(), key=lambda it: it[1][-1][1], reverse=True):
        kind, thick = ("us", 3) if name == own else ("them", 1.3)
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(*it) for it in points))
        body.append(f'<polyline class="{kind}" style="fill:none" stroke-width="{thick}" points="{path}"/>')
        body += [
            f'<circle class="{kind}" cx="{a:.1f}" cy="{b:.1f}" r="2.5"/>'
            for a, b in (place(*it) for it in points)
        ]
        y = max(place(*points[-1])[1] + 4, (taken[-1] + 15) if taken else 0)
        taken.append(y)
        body.append(f'<text x="{left + wide + 8}" y="{y:.1f}">{escape(name)}</text>')
    return _svg(left + wide + 320, max(top + high + 30, int(max(taken)) + 12), title, body)


def number(value: float) -> str:
    """Three digits that mean something."""
    if math.isinf(value):
        return "∞"
    if value >= 1_000:
        return f"{round(value, 2 - int(math.log10(value))):,.0f}"
    return f"{value:.3g}"
