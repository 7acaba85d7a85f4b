"""The daemon's health in the text format of Prometheus, served over HTTP on request."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emberline.errors import Unusable
from emberline.operation.health import Health, Times

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_S = 5.0


def exposition(health: Health) -> str:
    """The account as metrics."""
    lines: list[str] = []

    def say(name: str, kind: str, text: str, *samples: tuple[dict[str, str], float | None]) -> None:
        lines.extend((f"# HELP emberline_{name} {text}", f"# TYPE emberline_{name} {kind}"))
        lines.extend(_sample(name, labels, value) for labels, value in samples if value is not None)

    channels = [({"channel": c.id}, c) for c in health.channels]
    drivers = [({"driver": d.id}, d) for d in health.drivers]
    say("uptime_seconds", "gauge", "Since the session began.", ({}, health.uptime_s))
    say("frames_total", "counter", "Frames recorded.", *((labels, c.frames) for labels, c in channels))
    say("frames_lost_total", "counter", "Frames known to be lost.", *((labels, c.lost) for labels, c in channels))
    say("frames_per_second", "gauge", "Over the last 10 s.", *((labels, c.fps) for labels, c in channels))
    say("last_frame_seconds", "gauge", "Since the last frame.", *((labels, c.last_frame_s) for labels, c in channels))
    say("channel_online", "gauge", "Whether the camera sends.", *((labels, float(c.online)) for labels, c in channels))
    say("driver_starts_total", "counter", "Starts of a driver.", *((labels, d.starts) for labels, d in drivers))
    say("messages_refused_total", "counter", "Malformed.", *(({"driver": id}, n) for id, n in health.refused.items()))
    processes = [({"process": d.id}, d.process) for d in health.drivers] + [({"process": "daemon"}, health.daemon)]
    say("cpu_seconds_total", "counter", "Processor time.", *((labels, u and u.cpu_s) for labels, u in processes))
    memory = ((labels, u and u.rss_mb * 1_000_000) for labels, u in processes)
    say("resident_bytes", "gauge", "Memory held.", *memory)
    say("alarms_total", "counter", "Alarms raised in this session.", ({}, health.alarms))
    say("log_seq", "counter", "The newest event.", ({}, health.seq))
    say("log_uncommitted_events", "gauge", "Events that wait for the disk.", ({}, health.uncommitted))
    say("log_free_bytes", "gauge", "Free on the log's disk.", ({}, health.log_free_mb * 1_000_000))
    say("actions_under_way", "gauge", "Actions not yet answered.", ({}, health.actions_under_way))
    for name, times in (
        ("frame_to_decision", health.frame_to_decision),
        ("frame_to_action", health.frame_to_action),
        ("commit", health.commit),
    ):
        say(f"{name}_seconds", "gauge", "Of the last ones.", *_quantiles(times))
    return "\n".join(lines) + "\n"


def _quantiles(times: Times | None) -> list[tuple[dict[str, str], float | None]]:
    if times is None:
        return []
    return [({"quantile": q}, ms / 1000) for q, ms in (("0.5", times.median_ms), ("0.99", times.p99_ms))]


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"emberline_{name}{{{inside}}} {value:.10g}" if inside else f"emberline_{name} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class MetricsServer:
    """Serves `GET /metrics` at HOST:PORT, from a thread; what it serves is the last text that `publish` was given.

    Raises `Unusable` where the address is none, or cannot be had.
    """

    def __init__(self, address: str) -> None:
        host, port = _host_and_port(address)
        self._text = b""
        try:
            self._server = _Server((host, port), self._handler())
        except OSError as error:
            raise Unusable(f"--metrics {address}: {error.strerror}") from None
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def publish(self, health: Health) -> None:
        """What is served from now on."""
        self._text = exposition(health).encode()

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            timeout = REQUEST_S
            server_version = "Emberline"
            sys_version = ""

            def do_GET(self) -> None:
                if self.path != "/metrics":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPE)
                self.send_header("Content-Length", str(len(server._text)))
                self.end_headers()
                self.wfile.write(server._text)

            def log_message(self, format: str, *args: object) -> None:
                """Requests are not worth a line."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 8


def _host_and_port(address: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:([0-9A-Za-z.-]+):)?(\d{1,5})", address)
    if found is None or not 0 <= int(found[2]) <= 65535:
        raise Unusable(f"--metrics {address}: a port such as 9189 is needed, or an address and a port, 127.0.0.1:9189")
    return found[1] or "127.0.0.1", int(found[2])
