"""What drivers report, as facts: their sources and bodies."""

from devices import reports as r
from emberline.delivery.settings import DRIVER_PREFIX
from kernel import events as e
from kernel.references import CHANNEL_SOURCE

OUTPUTS = "outputs"
"""The driver of the site's alarm outputs."""
CONTACTS = "contacts"
"""The driver of the site's alarm inputs."""
FactReport = r.WentOnline | r.WentOffline | r.Faulted | r.Lost | r.LoginRefused | r.Ended | r.ContactMoved
"""All reports but frames and answers to actions."""


def source_of(driver: str) -> str:
    """The source of what a driver reports: its channel's, its linkage's, or that of a device."""
    if driver.startswith(DRIVER_PREFIX):
        return driver
    return f"device.{driver}" if driver in (OUTPUTS, CONTACTS) else CHANNEL_SOURCE + driver


def fact_of(report: FactReport) -> e.Body | None:
    """The fact that a report is; None for an end without an error."""
    match report:
        case r.WentOnline(driver=driver, capabilities=capabilities):
            return e.DeviceOnline(driver, capabilities)
        case r.WentOffline(driver=driver, reason=reason):
            return e.DeviceOffline(driver, reason)
        case r.Faulted(driver=driver, reason=reason) | r.Ended(driver=driver, reason=reason, error=True):
            return e.DeviceFault(driver, reason)
        case r.Lost(count=count, reason=reason):
            return e.FramesLost(count, reason)
        case r.LoginRefused(who=who, address=address, detail=detail):
            return e.LoginFailed(who, address, detail)
        case r.ContactMoved(number=number, closed=closed):
            return e.AlarmInputChanged(number, closed)
        case r.Ended():
            return None
