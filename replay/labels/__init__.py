"""What people say about alarms: reviews in the log, truth files, and what they mean in session time."""

from replay.labels.reviews import (
    LABEL_COMMAND,
    REVIEW,
    ReviewError,
    judgement,
    judgement_in,
    record_reviews,
    reviews_of,
)
from replay.labels.truth import Mark, Reviewed, TrueEvent, Truth
from replay.labels.truth_file import TruthError, read_truth

__all__ = [
    "LABEL_COMMAND",
    "REVIEW",
    "Mark",
    "ReviewError",
    "Reviewed",
    "TrueEvent",
    "Truth",
    "TruthError",
    "judgement",
    "judgement_in",
    "read_truth",
    "record_reviews",
    "reviews_of",
]
