"""An ONNX model of detection, loaded, understood and run by onnxruntime on one thread of the CPU."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from detectors.recogniser.cutting import as_grey, cut_out, in_frame
from detectors.recogniser.errors import ModelError
from detectors.recogniser.layouts import class_count, layout_of, objects_in
from kernel.events import Box, ObjectsRecognised, RecognisedObject
from kernel.site.model import Recogniser
from kernel.site.recogniser import LEAST_CONFIDENCE

MILLION = 1_000_000
MOST_BYTES = 1 << 30
SIDES = range(32, 2049)
"""The sides that an input may have."""
FREE_SIDE = 640
"""The side of an input that leaves it open."""
DTYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


class Model:
    """A model that `settings` names; its file is relative to `base`.

    Raises `ModelError` where the file or the runtime is missing, or the model is of no kind known here.
    """

    def __init__(self, settings: Recogniser, base: Path) -> None:
        self.name, self.follows = settings.model, settings.follows
        content = _content(base / settings.model)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._session = _session(content)
        self._input = _Input(self._session)
        self._try(max(kind for kind, _ in settings.classes))

    def look(self, pixels: np.ndarray, captured_ns: int, parts: list[Box]) -> list[ObjectsRecognised]:
        """What it finds in these parts of a frame, (height, width) uint8 or uint16.

        Raises `ModelError` where it fails at its work.
        """
        grey = as_grey(pixels)
        return [self._look_at(grey, captured_ns, part) for part in parts]

    def _look_at(self, grey: np.ndarray, captured_ns: int, part: Box) -> ObjectsRecognised:
        canvas, cut = cut_out(grey, part, self._input.width, self._input.height)
        height, width = grey.shape
        objects: list[RecognisedObject] = []
        for row in objects_in(self._run(canvas), float(LEAST_CONFIDENCE), self._input.size):
            box = in_frame(row[:4], cut, width, height)
            if box is not None:
                objects.append(RecognisedObject(int(row[5]), int(row[4] * MILLION), box))
        return ObjectsRecognised(captured_ns, part, self.name, self.sha256, tuple(objects))

    def _run(self, canvas: np.ndarray) -> np.ndarray:
        try:
            output = np.asarray(self._session.run(None, {self._input.name: self._input.filled(canvas)})[0])
            layout_of(output.shape)
        except Exception as error:  # onnxruntime has an exception of its own for each thing that may go wrong
            raise ModelError(f"{self.name}: {_in_a_line(error)}") from None
        return output

    def _try(self, highest: int) -> None:
        """Run it once on a plain grey picture: only then it is sure what its output looks like."""
        outputs = self._session.get_outputs()
        if len(outputs) != 1:
            raise ModelError(f"it has {len(outputs)} outputs; known are models with one")
        output = self._run(np.full((self._input.height, self._input.width), 114, np.uint8))
        classes = class_count(output.shape)
        if classes is not None and highest >= classes:
            raise ModelError(f"it has {classes} classes, from 0 to {classes - 1}; 'classes' names {highest}")


class _Input:
    """What a model wants to be shown: its name, size, type, and where the channels of colour are."""

    def __init__(self, session: Any) -> None:
        inputs = session.get_inputs()
        if len(inputs) != 1:
            raise ModelError(f"it has {len(inputs)} inputs; known are models with one")
        shape, kind = inputs[0].shape, inputs[0].type
        self.name = str(inputs[0].name)
        if kind not in DTYPES:
            raise ModelError(f"its input is a {kind}; known are {' and '.join(DTYPES)}")
        self._dtype = DTYPES[kind]
        self._channels_last = len(shape) == 4 and shape[1] not in (1, 3) and shape[3] in (1, 3)
        channels, sides = (shape[3:], shape[1:3]) if self._channels_last else (shape[1:2], shape[2:])
        open_or_one = len(shape) == 4 and (not isinstance(shape[0], int) or shape[0] == 1)
        sizes = [side if isinstance(side, int) else FREE_SIDE for side in sides]
        if not open_or_one or channels[0] not in (1, 3) or any(size not in SIDES for size in sizes):
            told = " x ".join(str(n) for n in shape)
            raise ModelError(
                f"its input is {told}; known are 1 x 3 x height x width and 1 x height x width x 3 (or 1 for the 3), "
                f"with sides from {SIDES[0]} to {SIDES[-1]}"
            )
        self.height, self.width = sizes
        self._channels = int(channels[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    def filled(self, canvas: np.ndarray) -> np.ndarray:
        """The input for a grey picture, (height, width) uint8: every colour the same, floats from 0 to 1."""
        picture = canvas if self._dtype is np.uint8 else canvas.astype(np.float32) / np.float32(255)
        axis = 2 if self._channels_last else 0
        return np.stack([picture] * self._channels, axis=axis)[np.newaxis]


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelError(f"{path}: has {size} bytes; at most {MOST_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None


def _session(content: bytes) -> Any:
    """The model, given to the runtime as the very bytes that were digested. It may not fetch weights from other files:
    those would be in no digest, and their names are the model's to choose."""
    try:
        import onnxruntime
    except ImportError:
        raise ModelError("needs onnxruntime: pip install 'emberline[onnx]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.devnull)
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has an exception of its own for each thing that may go wrong
        raise ModelError(f"is no model that onnxruntime can run: {_in_a_line(error)}") from None


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
