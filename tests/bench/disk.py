# SPDX-License-Identifier: MIT
"""A file system of our own to measure on, for machines whose own one is unusual.

ext4 without a journal, as small virtual machines have it, does not give out inodes again soon after
their deletion and searches past them each time: mail queues, which create and delete files all day,
then measure that search. A loop device brings the journal, and its own cost for each sync."""

import os
import subprocess

import programs

IMAGE_BYTES = 6 * 1024 * 1024 * 1024


def has_journal(device):
    """Whether the ext4 on a device has a journal."""
    name = os.path.basename(os.path.realpath(device))
    try:
        return any(entry.startswith(name + "-") for entry in os.listdir("/proc/fs/jbd2"))
    except FileNotFoundError:
        return False


def run(*words):
    result = subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    if result.returncode != 0:
        raise programs.Failure(f"{' '.join(words)}: {result.stdout.strip()}")
    return result.stdout.strip()


class LoopDisk:
    """ext4 with a journal in a file below `folder`, mounted at .path while in use. Needs root."""

    def __init__(self, folder):
        self.image = os.path.join(folder, "image")
        self.path = os.path.join(folder, "disk")
        self.device = None

    def __enter__(self):
        with open(self.image, "wb") as f:
            os.posix_fallocate(f.fileno(), 0, IMAGE_BYTES)
        os.mkdir(self.path)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.device = run("losetup", "--direct-io=on", "--find", "--show", self.image)
        try:
            run("mount", self.device, self.path)
        except programs.Failure:
            run("losetup", "--detach", self.device)
            raise
        os.chmod(self.path, 0o755)
        return self.path

    def __exit__(self, *_):
        run("umount", self.path)
        run("losetup", "--detach", self.device)
        os.unlink(self.image)
