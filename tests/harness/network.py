# SPDX-License-Identifier: MIT
"""A network of the test's own: ports and addresses need no agreement with anyone."""

import ctypes
import os
import subprocess

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def enter():
    """Moves this process and all that it starts into a new network namespace, with loopback up."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNET | (0 if uid == 0 else CLONE_NEWUSER)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare: a network of one's own needs root, or user namespaces")
    if uid != 0:
        for path, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open("/proc/self/" + path, "w", encoding="ascii") as f:
                f.write(text)
    ip("link", "set", "lo", "up")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def add_address(address):
    """127.0.0.0/8 is there anyway; others are added to loopback."""
    if address.startswith("127."):
        return
    if ":" in address:
        ip("addr", "add", address + "/128", "dev", "lo", "nodad")
    else:
        ip("addr", "add", address + "/32", "dev", "lo")


def use_resolver(resolv_conf):
    """What this process starts from now on resolves names by this file: it is mounted over the system's."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", resolv_conf, "/etc/resolv.conf"], check=True)
