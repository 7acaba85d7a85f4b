"""Drivers for tests of the host, and what those ask of their processes. Tests use the fixture `host_drivers`."""

from pathlib import Path

from devices.host import DriverHost, DriverSpec, Timing

DRIVERS = {
    "camera": """
        import sys
        import numpy as np
        from devices.source import run_source
        from kernel.media import Shot

        class Camera:
            kind, began = "thermal", None
            frames, interval_ns, height = (int(word) for word in sys.argv[1:])

            def read(self):
                for n in range(self.frames):
                    yield Shot(n * self.interval_ns, np.full((self.height, 640), n, np.uint16))

        raise SystemExit(run_source(Camera))
    """,
    "keyholder": """
        import os, pathlib, sys
        token = os.environ["EMBERLINE_DRIVER_TOKEN"]
        from devices.driver import run

        def talk(line):
            line.hello({"token": token})
            while True:
                line.serve(0.2)

        raise SystemExit(run(talk))
    """,
    "stubborn": """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        from devices.driver import Line, Settings
        line = Line(Settings.from_environment())
        line.hello({})
        while True:
            time.sleep(1)
    """,
    "broken": """
        import sys
        print("warming up", file=sys.stderr)
        raise RuntimeError("no lens")
    """,
    "crash_on_first_action": """
        import os, pathlib, sys
        from devices.driver import run_output

        def carry_out(act):
            mark = pathlib.Path(sys.argv[1])
            if not mark.exists():
                mark.touch()
                os._exit(3)

        raise SystemExit(run_output(carry_out, {}))
    """,
    "lonely": """
        import devices.driver
        devices.driver.DAEMON_SILENCE_S = 0.5

        def talk(line):
            while True:
                line.serve(0.1)

        raise SystemExit(devices.driver.run(talk))
    """,
}
QUICK = Timing(silence_s=1.5, hello_s=10.0, backoff_s=0.05, action_s=8.0)


def write_drivers(folder: Path) -> None:
    """The drivers as modules of `folder`."""
    for name, text in DRIVERS.items():
        (folder / f"test_driver_{name}.py").write_text("\n".join(line[8:] for line in text.splitlines()))


def spec(kind: str, *arguments: object, id: str = "cam", restart: bool = True) -> DriverSpec:
    return DriverSpec(id, f"test_driver_{kind}", tuple(str(a) for a in arguments), restart)


def camera(frames: int, interval_ns: int = 0, height: int = 8, *, id: str = "cam", restart: bool = False) -> DriverSpec:
    return spec("camera", frames, interval_ns, height, id=id, restart=restart)


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def running_pid(host: DriverHost, driver: str = "cam") -> int:
    pid = host.pid(driver)
    assert pid is not None
    return pid
