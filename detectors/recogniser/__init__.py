"""Neural networks that look at what moves: beside the fold and never in it.

What a network says depends on the machine and on the runtime that computes it. So nothing here is imported by what
folds: its findings are recorded as facts (`kernel.events.ObjectsRecognised`), and those the fold takes in
(`detectors/recognition.py`). A replay needs neither the model nor the runtime.
"""
