"""Whether a data set is kept in memory or read from disk when its items are asked for."""

import logging
import os
import re
from pathlib import Path

logger = logging.getLogger(__name__)

STREAM = ("auto", "on", "off")
SHARE_IN_MEMORY = 0.25  # of the free memory, up to which a data set is kept in it


def available_memory() -> float:
    """Returns the bytes that programs can still take without swapping; inf where no one says."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        kilobytes = re.search(r"MemAvailable:\s*(\d+)", meminfo.read_text(encoding="utf-8"))
        if kilobytes:
            return 1024 * int(kilobytes[1])
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return float("inf")


def goes_to_disk(nbytes: int, stream: str) -> bool:
    """Returns whether data of so many bytes stay on disk, see ``streams``."""
    return stream == "on" or (stream == "auto" and nbytes >= SHARE_IN_MEMORY * available_memory())


def streams(name: str, nbytes: int, stream: str) -> bool:
    """Decides whether data stay on disk, and says so in one line if that is not as ever.

    Args:
        name: the data set's name for the message.
        nbytes: what they would take in memory.
        stream: "on", "off" or "auto": in memory if they take less than a quarter of what is free.
    """
    if not goes_to_disk(nbytes, stream):
        return False
    free = available_memory()
    why = "stream=on" if stream == "on" else f"more than a quarter of the {free / 1e9:,.1f} GB that are free"
    logger.info(f"{name}: read from disk, not kept in memory: {nbytes / 1e9:,.1f} GB, {why}")
    return True
