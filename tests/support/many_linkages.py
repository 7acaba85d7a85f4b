"""A site in which a rule, every detector, an alarm input and exceptions all set off the kinds asked for."""

from kernel.events import ActionRequested
from kernel.references import Draft
from support.scripted import SECOND

KINDS = {
    "siren": 'kind = "alarm_output"\nnumber = 1\ndelay = 5\n',
    "flash": 'kind = "light"\nduration = 4\n',
    "horn": 'kind = "audible"\ntimes = 2\n',
    "mail": 'kind = "email"\nserver = "h"\nfrom = "a@h"\nto = ["b@h"]\ncool_down = 30\n',
    "shots": 'kind = "email"\nserver = "h"\nfrom = "a@h"\nto = ["b@h"]\nimages = { thermal = 3 }\ncool_down = 0\n'
    'video = { channel = "thermal", seconds = 7 }\n',
    "upload": 'kind = "ftp"\nserver = "h"\n',
    "host": 'kind = "http"\nurl = "https://h/"\n',
    "broker": 'kind = "mqtt"\nserver = "h"\n',
    "clip": 'kind = "record"\n',
    "shot": 'kind = "capture"\ncount = 3\ninterval = 2\n',
}


def linked(*outputs: str, schedule: str = "always", extra: str = "", single: bool = True) -> str:
    """The document of a site whose sources all set off `outputs` (names of `KINDS`), at `schedule`."""
    names = ", ".join(f'"{name}"' for name in outputs)
    linkage = f'linkage = [{names}]\nschedule = "{schedule}"\n'
    tables = "".join(f"[linkage.{name}]\n{KINDS[name]}" for name in outputs)
    return f"""
[site]
name = "Test"
timezone = "UTC"
[[channel]]
id = "thermal"
kind = "thermal"
source = "rtsp://camera.example/1"
[channel.vca]
single_alarm = {str(single).lower()}
[channel.motion]
{linkage}[channel.tamper]
{linkage}[channel.scene_change]
{linkage}[[rule]]
id = "yard"
channel = "thermal"
type = "intrusion"
region = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
{linkage}[[alarm_input]]
id = "door"
number = 3
debounce = 0.5
{linkage}[exceptions]
storage_full = [{names}]
network_disconnected = [{names}]
illegal_login = [{names}]
[schedules.night]
all = ["00:00-00:01"]
{tables}{extra}"""


def actions(drafts: list[Draft]) -> list[tuple[float, str, str]]:
    """When (s), what is asked of which output."""
    return [(d.time / SECOND, d.body.output, d.body.command) for d in drafts if isinstance(d.body, ActionRequested)]


def requests(drafts: list[Draft]) -> list[ActionRequested]:
    return [d.body for d in drafts if isinstance(d.body, ActionRequested)]
