"""Frames of the graph of people and calls while it is pulled and zoomed: their 95th percentile.

`python -m benchmarks.graph [CALLS]`; 2,000 unless told. A frame is one whole paint event.
What is drawn is moved meanwhile, and drawn anew once it rests.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from app.services.ring_picture import Node, Picture
from benchmarks.desk import application
from engine.groups.layout import lay_out
from ui.widgets.graph_canvas import GraphCanvas

FRAMES = 120
SIZE_PX = (1000, 760)


def main() -> None:
    """Print the layout's time and the frames'."""
    n_calls = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    keep = application()
    picture, spent_s = some_picture(n_calls)
    print(f"{n_calls} calls, {len(picture.nodes)} nodes: layout {spent_s:.1f} s", flush=True)
    canvas = GraphCanvas()
    canvas.resize(*SIZE_PX)
    canvas.show_picture(picture)
    canvas.show()
    keep.processEvents()
    for name, scale in (("whole", 1.0), ("a tenth", 3.2), ("close", 12.0)):
        canvas.show_all()
        middle = np.array(SIZE_PX) / 2
        canvas._origin = middle - (middle - canvas._origin) * scale
        canvas._scale_px *= scale
        times = []
        canvas._redraw()
        keep.processEvents()
        for frame in range(FRAMES):
            canvas._origin = canvas._origin + 3 * np.array([np.cos(frame / 9), np.sin(frame / 9)])
            canvas._move()
            start = time.perf_counter(), time.process_time()
            canvas.repaint()
            times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        canvas._redraw()
        start_s = time.process_time()
        canvas.repaint()
        rest = 1000 * (time.process_time() - start_s)
        wall, processor = 1000 * np.percentile(times, 95, axis=0)
        print(
            f"{name:8} 95 % of frames under {wall:.1f} ms ({processor:.1f} ms of processor), drawn "
            f"anew once it rests {rest:.0f} ms of processor",
            flush=True,
        )


def some_picture(n_calls: int) -> tuple[Picture, float]:
    """Rings of 250 calls with five callers each, one to three in a call, and victims."""
    rng = np.random.default_rng(0)
    n_rings = max(1, n_calls // 250)
    nodes = [Node("person", f"V{i}", f"V{i}", "caller", i // 5) for i in range(5 * n_rings)]
    edges: list[tuple[int, int]] = []
    for call in range(n_calls):
        ring = call % n_rings
        nodes.append(Node("call", f"{call:064d}", f"call {call}.wav", "", ring))
        here = len(nodes) - 1
        heard = rng.choice(5, size=rng.integers(1, 4), replace=False)
        edges += [(int(5 * ring + p), here) for p in heard]
        nodes.append(Node("person", f"W{call}", f"W{call}", "unknown", None))
        edges.append((len(nodes) - 1, here))
    pairs = np.array(edges, np.int64)
    start = time.perf_counter()
    places = lay_out(len(nodes), pairs)
    spent_s = time.perf_counter() - start
    nothing = np.full(len(pairs), np.nan)
    return Picture(tuple(nodes), places, pairs, np.zeros(len(pairs), np.int64), nothing), spent_s


if __name__ == "__main__":
    main()
