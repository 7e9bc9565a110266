"""The plots of a report, as SVG that takes its colours and its typeface from the page around it."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Matplotlib needs real colours: these stand for the page's own, and are exchanged for them in the SVG.
INK, MUTED, LINE, OURS, OTHER, SECOND = (f"#00000{number}" for number in range(1, 7))
VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", OURS: "accent", OTHER: "other", SECOND: "second"}
GAP = 0.052  # least distance between two labels, in units of the vertical axis
BINS = 48
STRAGGLERS = 1.5  # times the last mark: what a busy machine delays must not squeeze the rest
SMALL = 8.5  # points


Metrics = Mapping[str, float]


def curves(name: str, along: str, prefixes: Mapping[str, str], ours: Metrics, peers: Mapping[str, Metrics]) -> str:
    """Draws shares (0 to 1) over the numbers that follow a prefix in the metrics' names, such as "R@".

    `prefixes` names our lines; the first is drawn for each peer too.
    """
    first, *others = prefixes
    figure = Figure(figsize=(5.2, 3.5), layout="constrained")
    axes = _bare(figure.add_subplot())
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.margins(x=0.015)  # no grid behind the labels
    axes.set_xlabel(along, color=MUTED, fontsize=SMALL)
    ends = [_line(axes, _points(metrics, first), label, OTHER, 1.2) for label, metrics in peers.items()]
    ends += [_line(axes, _points(ours, prefix), prefixes[prefix], SECOND, 1.8) for prefix in others]
    ends.append(_line(axes, _points(ours, first), prefixes[first], OURS, 2.4))
    ceiling = 2.0  # each line is named at its end, from the top down, and the names are kept apart
    for x, y, label, color in sorted((end for end in ends if end), key=lambda end: -end[1]):
        ceiling = min(y, ceiling - GAP)
        text_color = MUTED if color == OTHER else color
        axes.annotate(
            label, (x, ceiling), (8, 0), textcoords="offset points", va="center", color=text_color,
            fontsize=SMALL, fontweight="bold" if color == OURS else "normal", annotation_clip=False,
        )  # fmt: skip
    ticks = [x for x, _ in _points(ours, first)]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    return _svg(figure, name)


def histogram(name: str, values: Sequence[float], marks: Mapping[str, float]) -> str:
    """Draws how often each value (milliseconds) was seen, with named marks; stragglers are counted beside the axis."""
    end = STRAGGLERS * max(marks.values())
    late = sum(value > end for value in values)
    figure = Figure(figsize=(10.6, 2.3), layout="constrained")
    axes = _bare(figure.add_subplot())
    axes.hist(values, bins=BINS, range=(0, min(end, max(values))), color=OURS, alpha=0.55, rwidth=0.86)
    for label, at in marks.items():
        axes.axvline(at, color=INK, linewidth=1)
        axes.annotate(
            f"{label}  {at:,.0f} ms", (at, 1), (5, -2), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="top", color=INK, fontsize=SMALL,
        )  # fmt: skip
    beyond = f"; {late:,} took longer, up to {max(values):,.0f}" if late else ""
    axes.set_xlabel(f"milliseconds{beyond}", color=MUTED, fontsize=SMALL)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.set_ylabel("questions", color=MUTED, fontsize=SMALL)
    axes.set_xlim(left=0)
    return _svg(figure, name)


def bars(name: str, rows: Mapping[str, Metrics]) -> str:
    """Draws shares (0 to 1) of the same names for each row, the first row on top."""
    labels = list(next(iter(rows.values())))
    figure = Figure(figsize=(6.4, 0.75 * len(rows) + 0.8), layout="constrained")
    axes = _bare(figure.add_subplot())
    height = 0.8 / len(labels)
    for place, (label, color) in enumerate(zip(labels, (OURS, SECOND, OTHER), strict=True)):
        at = [row + (place - 1) * height for row in range(len(rows))]
        drawn = axes.barh(
            at, [100 * shares[label] for shares in rows.values()], height * 0.86, color=color, label=label
        )
        axes.bar_label(drawn, fmt="%.1f", padding=3, fontsize=SMALL - 1, color=MUTED)
    axes.set_yticks(range(len(rows)), list(rows), color=INK)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.margins(x=0.08)
    axes.set_xlabel("percent", color=MUTED, fontsize=SMALL)
    axes.legend(frameon=False, fontsize=SMALL, labelcolor=MUTED, loc="lower right")
    return _svg(figure, name)


def in_a_file(svg: str) -> str:
    """Gives a plot the colours of a report's page, so that it can stand in a file of its own."""
    css = (Path(__file__).parent / "templates" / "report.css").read_text("utf-8")
    light, dark = re.findall(r":root \{([^}]*)\}", css)[:2]
    style = f"svg {{{light} background: var(--paper)}} @media (prefers-color-scheme: dark) {{ svg {{{dark}}} }}"
    head, rest = svg.split(">", 1)
    return f'{head} xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><style>{style}</style>{rest}'


def _bare(axes: Axes) -> Axes:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=LINE, labelcolor=MUTED, labelsize=SMALL, length=3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def _points(metrics: Metrics, prefix: str) -> list[tuple[int, float]]:
    named = [(name.removeprefix(prefix), share) for name, share in metrics.items() if name.startswith(prefix)]
    return sorted((int(number), share) for number, share in named if number.isdecimal())


def _line(
    axes: Axes, points: Sequence[tuple[int, float]], label: str, color: str, width: float
) -> tuple[int, float, str, str] | None:
    """Draws it and says where it ends; None without points."""
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=color, linewidth=width, marker="o", markersize=width + 2, solid_capstyle="round")
    return xs[-1], ys[-1], label, color


def _svg(figure: Figure, name: str) -> str:
    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(
            file, format="svg", transparent=True, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
        )
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r' xmlns(:\w+)?="[^"]*"| width="[^"]*pt"| height="[^"]*pt"', "", drawn, count=4)
    drawn = re.sub(r'<g id="[^"]*"', "<g", drawn)  # several plots share the page, and ids must not repeat
    return re.sub("#00000[1-6]", lambda match: f"var(--{VARIABLES[match[0]]})", drawn)
