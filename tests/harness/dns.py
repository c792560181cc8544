# SPDX-License-Identifier: MIT
"""Real DNS: NSD has the zones, Unbound resolves for the services under test."""

import os
import signal
import socket
import struct
import subprocess

from harness.process import Failure, find_program, wait_until

NAME_SERVER = ("127.0.0.53", 5353)
RESOLVER = ("127.0.0.54", 53)

NSD_CONF = """\
server:
  ip-address: {address}@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  logfile: "{folder}/nsd.log"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""

UNBOUND_CONF = """\
server:
  interface: {address}
  port: {port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  logfile: "{folder}/unbound.log"
  module-config: "iterator"
  do-not-query-localhost: no
  cache-max-ttl: 1
  cache-max-negative-ttl: 0
  local-zone: "test." nodefault
  local-zone: "127.in-addr.arpa." nodefault
  num-threads: 1
remote-control:
  control-enable: no
"""

ZONE_HEAD = "$ORIGIN {name}.\n$TTL 1\n@ SOA ns.{name}. hostmaster.{name}. {serial} 60 60 600 0\n@ NS ns.{name}.\nns A 127.0.0.53\n"


class Dns:
    """Zones by name, each the text of its records but SOA and NS. Call update() after changes."""

    def __init__(self, folder, zones):
        self.folder = os.path.join(folder, "dns")
        self.zones = dict(zones)
        self.serial = 1
        self.processes = []
        self.resolv_conf = os.path.join(self.folder, "resolv.conf")

    def write_zones(self):
        for name, records in self.zones.items():
            with open(os.path.join(self.folder, name + ".zone"), "w", encoding="utf-8") as f:
                f.write(ZONE_HEAD.format(name=name, serial=self.serial) + records)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def start(self):
        os.makedirs(self.folder)
        self.write_zones()
        nsd = NSD_CONF.format(address=NAME_SERVER[0], port=NAME_SERVER[1], folder=self.folder)
        unbound = UNBOUND_CONF.format(address=RESOLVER[0], port=RESOLVER[1], folder=self.folder)
        for name in self.zones:
            nsd += f'zone:\n  name: "{name}"\n  zonefile: "{name}.zone"\n'
            unbound += f'stub-zone:\n  name: "{name}"\n  stub-addr: {NAME_SERVER[0]}@{NAME_SERVER[1]}\n'
        self.write("resolv.conf", f"nameserver {RESOLVER[0]}\n")
        self.run("nsd", "-d", "-c", self.write("nsd.conf", nsd))
        self.run("unbound", "-d", "-c", self.write("unbound.conf", unbound))
        wait_until(lambda: all(self.answers(address, next(iter(self.zones)))
                               for address in (NAME_SERVER, RESOLVER)), 20, "name servers answer")
        return self

    def run(self, *words):
        self.processes.append(subprocess.Popen([find_program(words[0]), *words[1:]], stdin=subprocess.DEVNULL,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                               start_new_session=True))

    def answers(self, address, zone):
        """Asks for the SOA of a zone; true when its serial is ours."""
        if any(p.poll() is not None for p in self.processes):
            raise Failure("a name server ended at once; see " + self.folder)
        name = b"".join(bytes([len(label)]) + label.encode() for label in zone.split(".")) + b"\0"
        query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", 6, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.sendto(query, address)
                reply = s.recv(4096)
            except OSError:
                return False
        return struct.unpack(">H", reply[6:8])[0] >= 1 and struct.pack(">I", self.serial) in reply

    def update(self):
        """Serves the zones as they are now; returns when the resolver, too, gives the new ones."""
        self.serial += 1
        self.write_zones()
        self.processes[0].send_signal(signal.SIGHUP)
        for name in self.zones:
            wait_until(lambda zone=name: self.answers(RESOLVER, zone), 20, "the resolver has the new zone " + name)

    def stop(self):
        while self.processes:
            process = self.processes.pop()
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
