"""Site files that several tests use."""

WHOLE_FRAME = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]


def whole_frame(
    source: str = "file:unused.cptv", kind: str = "thermal", channel: str = "thermal", **rule: object
) -> str:
    """One intrusion rule over the whole frame, 0.5 s, all classes, with an alarm output; `rule` says more of it."""
    more = "\n".join(f"{key} = {value}" for key, value in rule.items())
    return f"""
[[channel]]
id = "{channel}"
kind = "{kind}"
source = "{source}"

[[rule]]
id = "all"
channel = "{channel}"
type = "intrusion"
region = {WHOLE_FRAME}
duration = 0.5
targets = ["human", "vehicle", "animal", "other"]
linkage = ["siren"]
{more}

[linkage.siren]
kind = "alarm_output"
number = 1
delay = 2
"""
