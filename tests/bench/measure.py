# SPDX-License-Identifier: MIT
"""The measurements. Each takes a system that is not started, and returns {figure: value}."""

import os
import time

import conditions
import programs

# What each figure is measured in, and whether more or less of it is better.
UNITS = {
    "accepted": ("messages/s", "higher"),
    "accept: CPU": ("us/message", "lower"),
    "accept: transaction p50": ("ms", "lower"),
    "accept: transaction p99": ("ms", "lower"),
    "delivered from the queue": ("messages/s", "higher"),
    "delivery: CPU": ("us/message", "lower"),
    "accepted and delivered": ("messages/s", "higher"),
    "accept and deliver: CPU": ("us/message", "lower"),
    "answer to the final dot p50": ("ms", "lower"),
    "answer to the final dot p99": ("ms", "lower"),
    "from the arrival to the 250 p99": ("ms", "lower"),
    "from the dot to the sink p50": ("ms", "lower"),
    "from the dot to the sink p99": ("ms", "lower"),
    "memory, idle": ("MB", "lower"),
    "memory, idle connections": ("MB", "lower"),
}


def unit_of(figure):
    if figure.startswith("claims"):
        return ("claims/s", "higher")
    return UNITS[figure]


class CpuOf:
    """CPU time a system uses from now on."""

    def __init__(self, system):
        self.system = system
        self.before = conditions.cpu_seconds(system.pids())

    def usec_a_message(self, messages):
        return (conditions.cpu_seconds(self.system.pids()) - self.before) * 1e6 / max(messages, 1)


def run_load(bench, system, **options):
    """A load from our sessions that must be accepted as a whole."""
    arguments = bench.arguments
    options = {"port": system.port, "connections": arguments.sessions, "size": arguments.size,
               "pipelining": arguments.pipelining} | system.load_options | options
    load = programs.loadgen(bench.loadgen, **options)
    if load["status"] != 0:
        raise programs.Failure(f"{system.name} did not accept all: {load['stderr']}"
                               f" {load['refused']}")
    bench.note_load(load)
    return load


def warm_up(bench, system):
    """Starts all processes a system starts on demand, and fills caches."""
    run_load(bench, system, messages=20 * bench.arguments.sessions)


def accept(bench, system):
    """Messages accepted durably, nothing delivered."""
    system.start("accept", None)
    warm_up(bench, system)
    cpu = CpuOf(system)
    load = run_load(bench, system, seconds=bench.seconds)
    transaction = load["latency_msec"]["transaction"]
    return {
        "accepted": load["messages_per_second"],
        "accept: CPU": cpu.usec_a_message(load["accepted"]),
        "accept: transaction p50": transaction["p50"],
        "accept: transaction p99": transaction["p99"],
    }


def wait_for_messages(sink, count, seconds):
    """Waits until the sink has so many messages, and returns its statistics. Asks seldom: the
    question costs the sink time."""
    deadline = time.monotonic() + seconds
    while True:
        report = sink.statistics()
        if report["messages"] >= count:
            return report
        if time.monotonic() > deadline:
            raise programs.Failure(f"the sink has {report['messages']} messages, not {count}")
        time.sleep(0.1)


def relay(bench, system):
    """Deliveries of a queue that waits, then acceptance and delivery at the same time."""
    count = bench.queue_length
    with programs.Sink(bench.sink) as sink:
        system.start("accept", sink.port)
        run_load(bench, system, messages=count)
        system.stop()
        system.release()
        system.start("relay", sink.port)
        cpu = CpuOf(system)
        drained = wait_for_messages(sink, count, 600)
        drain_cpu = cpu.usec_a_message(count)

        cpu = CpuOf(system)
        start = time.monotonic()
        load = run_load(bench, system, seconds=bench.seconds)
        report = wait_for_messages(sink, count + load["accepted"], 600)
        now = time.monotonic()
        end = now - (report["uptime_seconds"] - report["last_message_seconds"])
        both_cpu = cpu.usec_a_message(load["accepted"])
        bench.note_sink(report)
    return {
        "delivered from the queue": drained["messages_per_second"],
        "delivery: CPU": drain_cpu,
        "accepted and delivered": load["accepted"] / (end - start),
        "accept and deliver: CPU": both_cpu,
    }


def quantile(values, q):
    return sorted(values)[min(int(q * len(values)), len(values) - 1)]


def ways(sent_path, taken_path):
    """Milliseconds from the final dot of each message to its record in the sink."""
    taken = {record[2]: int(record[0]) for record in programs.read_records(taken_path)}
    return [(taken[record[2]] - int(record[0])) / 1000
            for record in programs.read_records(sent_path) if record[1] == "pending"]


def latency(bench, system):
    """Times at a rate that leaves the machine half idle, in an open loop."""
    folder = bench.make_folder()
    sent, taken = os.path.join(folder, "sent"), os.path.join(folder, "taken")
    with programs.Sink(bench.sink, ids=taken) as sink:
        system.start("relay", sink.port)
        warm_up(bench, system)
        load = run_load(bench, system, seconds=bench.seconds, rate=bench.arguments.rate, ids=sent)
        warm = 20 * bench.arguments.sessions
        wait_for_messages(sink, warm + load["accepted"], 120)
    times = ways(sent, taken)
    return {
        "answer to the final dot p50": load["latency_msec"]["dot"]["p50"],
        "answer to the final dot p99": load["latency_msec"]["dot"]["p99"],
        "from the arrival to the 250 p99": load["latency_msec"]["transaction"]["p99"],
        "from the dot to the sink p50": quantile(times, 0.5),
        "from the dot to the sink p99": quantile(times, 0.99),
    }


def memory(bench, system):
    """Proportional set size of all processes: after some mail, and with idle connections on top."""
    system.start("accept", None)
    warm_up(bench, system)
    time.sleep(1)
    idle = conditions.memory_kilobytes(system.pids())
    load = programs.start_loadgen(bench.loadgen, port=system.port, idle=bench.arguments.idle,
                                  **system.load_options)
    try:
        # The line says that all are open.
        if "idle with" not in load.stderr.readline():
            raise programs.Failure("idle connections failed")
        time.sleep(1)
        with_connections = conditions.memory_kilobytes(system.pids())
    finally:
        programs.end_process(load)
        load.stdout.close()
        load.stderr.close()
    return {"memory, idle": idle / 1000, "memory, idle connections": with_connections / 1000}


def claim(bench, system):
    """Claims by four workers at growing depths of the queue."""
    system.start("claim", None)
    return {f"claims at a depth of {depth}": system.claim_rate(depth, bench.seconds, 4)
            for depth in bench.depths}


MEASUREMENTS = {"accept": accept, "relay": relay, "latency": latency, "claim": claim,
                "memory": memory}
