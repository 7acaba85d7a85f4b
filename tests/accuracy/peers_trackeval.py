"""Run by the peers' interpreter: HOTA and IDF1 of `trackeval` for one sequence.

Arguments: truth and result, each a JSON file {frame: {id: [x, y, width, height]}}. Prints JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    from trackeval.metrics import HOTA, Identity

    truth, found = (json.loads(Path(path).read_text()) for path in sys.argv[1:3])
    data = sequence(truth, found)
    hota, identity = HOTA().eval_sequence(data), Identity({"PRINT_CONFIG": False}).eval_sequence(data)
    print(json.dumps({"HOTA": float(np.mean(hota["HOTA"])), "IDF1": float(identity["IDF1"])}))


def sequence(truth: dict, found: dict) -> dict:
    """The boxes as trackeval wants them: identities from 0, and the overlaps in each frame."""
    frames = sorted({int(f) for f in (*truth, *found)})
    names = [{id: n for n, id in enumerate(sorted({i for b in boxes.values() for i in b}))} for boxes in (truth, found)]
    rows = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for frame in frames:
        a, b = truth.get(str(frame), {}), found.get(str(frame), {})
        rows["gt_ids"].append(np.array([names[0][i] for i in a], int))
        rows["tracker_ids"].append(np.array([names[1][i] for i in b], int))
        rows["similarity_scores"].append(
            np.array([[overlap(x, y) for y in b.values()] for x in a.values()]).reshape(len(a), len(b))
        )
    return {
        **rows,
        "num_timesteps": len(frames),
        "num_gt_ids": len(names[0]),
        "num_tracker_ids": len(names[1]),
        "num_gt_dets": sum(len(r) for r in rows["gt_ids"]),
        "num_tracker_dets": sum(len(r) for r in rows["tracker_ids"]),
    }


def overlap(a: list, b: list) -> float:
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    along = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if across <= 0 or along <= 0:
        return 0.0
    return across * along / (a[2] * a[3] + b[2] * b[3] - across * along)


if __name__ == "__main__":
    main()
