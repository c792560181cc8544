# SPDX-License-Identifier: MIT
"""What a measurement ran on, and what processes used: numbers mean nothing without."""

import os
import platform
import time

import disk

TICKS = os.sysconf("SC_CLK_TCK")


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder):
    """Type and device of the file system a folder is on, and the journal ext4 may lack."""
    inside = os.path.realpath(folder) + "/"
    best = ("", "?", "?")
    with open("/proc/self/mounts", encoding="utf-8") as f:
        for line in f:
            device, where, kind = line.split()[:3]
            if inside.startswith(where.rstrip("/") + "/") and len(where) >= len(best[0]):
                best = (where, kind, device)
    lacks = " without journal" if best[1] == "ext4" and not disk.has_journal(best[2]) else ""
    return f"{best[1]}{lacks} on {best[2]}"


def syncs_per_second(folder, seconds=0.5):
    """How often 4 kB appended to a file get to the disk."""
    path = os.path.join(folder, "sync-test")
    block = b"x" * 4096
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        count, start = 0, time.monotonic()
        while time.monotonic() - start < seconds:
            os.write(fd, block)
            os.fdatasync(fd)
            count += 1
        return round(count / (time.monotonic() - start))
    finally:
        os.close(fd)
        os.unlink(path)


def machine(folder):
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor(),
        "kernel": platform.release(),
        "disk": file_system(folder),
        "disk_syncs_per_second": syncs_per_second(folder),
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def _stat_fields(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        return f.read().rsplit(")", 1)[1].split()


def cpu_seconds(pids):
    """User and system time of processes, and of their children that have ended."""
    ticks = 0
    for pid in pids:
        try:
            ticks += sum(int(n) for n in _stat_fields(pid)[11:15])
        except FileNotFoundError:
            pass
    return ticks / TICKS


def memory_kilobytes(pids):
    """Proportional set size: shared pages count once for all who share them."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total


class MachineTime:
    """How the time of all cores was spent from here on, in percent. Much `steal`, or more `busy`
    than what is measured accounts for, means that others disturbed the measurement."""

    def __init__(self):
        self.before = self.read()

    @staticmethod
    def read():
        with open("/proc/stat", encoding="ascii") as f:
            return [int(n) for n in f.readline().split()[1:9]]

    def percent(self):
        spent = [after - before for after, before in zip(self.read(), self.before)]
        total = sum(spent) or 1
        idle = spent[3] + spent[4]
        return {"busy": round(100 * (total - idle - spent[7]) / total),
                "steal": round(100 * spent[7] / total)}
