#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""loadgen against sink: do both count the same, and lose nothing?

Usage: smoke.py LOADGEN SINK [TEST…]
"""

import collections
import os
import signal
import smtplib
import socket
import sys
import tempfile
import unittest

import programs

LOADGEN = SINK = None


class SmokeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="bench-smoke-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.sent_ids = os.path.join(self.folder, "sent")
        self.taken_ids = os.path.join(self.folder, "taken")

    def sink(self, **options):
        sink = programs.Sink(SINK, ids=self.taken_ids, **options).start()
        self.addCleanup(sink.stop)
        return sink

    def load(self, sink, **options):
        options = {"port": sink.port, "connections": 5, "messages": 300, "ids": self.sent_ids,
                   "retry_delay": 0, "reconnect_delay": 1, "timeout": 20} | options
        return programs.loadgen(LOADGEN, **options)

    def sent(self, what):
        """Load ids of the records of that kind, in order."""
        return [r[2] for r in programs.read_records(self.sent_ids) if r[1] == what]

    def taken(self):
        return [r[2] for r in programs.read_records(self.taken_ids)]

    def check_all_arrived(self, load, report, messages=300):
        self.assertEqual(load["status"], 0, load)
        self.assertEqual(load["accepted"], messages)
        self.assertEqual(report["messages"], messages)
        self.assertEqual(report["bytes"], load["bytes"])
        self.assertEqual(len(set(self.sent("accepted"))), messages)
        self.assertEqual(sorted(self.sent("accepted")), sorted(self.taken()))
        self.assertEqual(sorted(self.sent("pending")), sorted(self.taken()))
        for record in programs.read_records(self.taken_ids):
            self.assertEqual(record[6], load["body_sha256"])

    def check_plain_run(self, sink_options, load_options):
        sink = self.sink(verify_size=True, **sink_options)
        load = self.load(sink, **load_options)
        report = sink.stop()
        self.check_all_arrived(load, report)
        self.assertEqual(report["size_mismatches"], 0)
        self.assertEqual(load["errors"], dict.fromkeys(load["errors"], 0))
        return load, report

    def test_plain(self):
        load, report = self.check_plain_run({}, {})
        self.assertEqual(report["connections"], 5)
        self.assertEqual(sum(report["series"]), 300)
        self.assertEqual(load["latency_msec"]["dot"]["count"], 300)

    def test_ipv6(self):
        self.check_plain_run({"listen": "[::1]:0"}, {"host": "::1"})

    def test_pipelining(self):
        self.check_plain_run({}, {"pipelining": True, "recipients": 1})

    def test_starttls(self):
        load, report = self.check_plain_run({"tls_self_signed": True},
                                            {"starttls": True, "insecure": True})
        self.assertEqual(report["tls_messages"], 300)
        self.assertEqual(report["tls_connections"], 5)

    def test_implicit_tls(self):
        load, report = self.check_plain_run({"tls_self_signed": True, "tls": True},
                                            {"tls": True, "insecure": True, "pipelining": True})
        self.assertEqual(report["tls_share"], 1)

    def test_large_messages(self):
        sink = self.sink(verify_size=True)
        load = self.load(sink, size=3000000, messages=20)
        self.check_all_arrived(load, sink.stop(), 20)

    def test_large_messages_with_tls(self):
        sink = self.sink(verify_size=True, tls_self_signed=True)
        load = self.load(sink, size=3000000, messages=20, starttls=True, insecure=True)
        self.check_all_arrived(load, sink.stop(), 20)

    def test_a_certificate_is_checked(self):
        sink = self.sink(tls_self_signed=True)
        load = self.load(sink, starttls=True)
        self.assertNotEqual(load["status"], 0)
        self.assertEqual(load["accepted"], 0)
        self.assertGreater(load["errors"]["tls"], 0)

    def test_auth(self):
        for method in "plain", "login", "cram-md5":
            sink = self.sink()
            load = self.load(sink, auth=method, user="someone", password="secret", messages=10)
            sink.stop()
            self.assertEqual(load["accepted"], 10, method)

    def test_messages_per_connection(self):
        sink = self.sink()
        load = self.load(sink, messages_per_connection=10)
        report = sink.stop()
        self.check_all_arrived(load, report)
        self.assertGreaterEqual(report["connections"], 30)
        self.assertEqual(load["errors"]["lost"], 0)

    def test_several_recipients(self):
        sink = self.sink()
        load = self.load(sink, recipients=3, to="r%d@sink.example.com", to_numbers=9, messages=9)
        report = sink.stop()
        self.assertEqual(load["accepted"], 9)
        self.assertEqual(report["recipients"], 27)
        names = collections.Counter(r[5] for r in programs.read_records(self.taken_ids))
        self.assertEqual(names, {f"r{n}@sink.example.com": 3 for n in range(9)})

    def test_recipients_from_a_file(self):
        path = os.path.join(self.folder, "recipients")
        with open(path, "w", encoding="ascii") as f:
            f.write("one@a.example\ntwo@b.example\n")
        sink = self.sink()
        load = self.load(sink, to="@" + path, messages=10)
        sink.stop()
        self.assertEqual(load["accepted"], 10)
        names = collections.Counter(r[5] for r in programs.read_records(self.taken_ids))
        self.assertEqual(names, {"one@a.example": 5, "two@b.example": 5})

    def test_refused_recipients_do_not_stop_a_message(self):
        for pipelining in False, True:
            sink = self.sink(reply_for="r1@=rcpt:550 5.1.1 No such user")
            load = self.load(sink, recipients=3, to="r%d@sink.example.com", to_numbers=3,
                             messages=20, pipelining=pipelining)
            report = sink.stop()
            self.assertEqual(load["accepted"], 20)
            self.assertEqual(load["refused_recipients"], {"550": 20})
            self.assertEqual(report["refused_at"], {"rcpt": 20})
            self.assertEqual(report["recipients"], 40)

    def test_temporary_refusals_are_sent_again(self):
        for stage in "mail", "rcpt", "data", "dot":
            for pipelining in False, True:
                with self.subTest(stage=stage, pipelining=pipelining):
                    sink = self.sink(temp_rate=0.3, at=stage, seed=7)
                    load = self.load(sink, tolerant=True, pipelining=pipelining)
                    report = sink.stop()
                    self.check_all_arrived_despite_refusals(load, report, stage)
                os.unlink(self.sent_ids)
                os.unlink(self.taken_ids)

    def check_all_arrived_despite_refusals(self, load, report, stage):
        self.assertEqual(load["status"], 0, load)
        self.assertEqual(load["accepted"], 300)
        self.assertEqual(sorted(self.taken()), sorted(self.sent("accepted")))
        self.assertGreater(load["refused"]["451"], 60)
        self.assertLess(load["refused"]["451"], 240)
        self.assertEqual(load["refused"], {"451": report["temporary_refusals"]})
        self.assertEqual(report["refused_at"], {stage: report["temporary_refusals"]})
        self.assertEqual(load["retries"], report["temporary_refusals"])
        self.assertEqual(len(self.sent("refused")), report["temporary_refusals"])

    def test_permanent_refusals_are_final(self):
        sink = self.sink(perm_rate=0.2, at="rcpt")
        load = self.load(sink)
        report = sink.stop()
        self.assertEqual(load["refused"], {"550": report["permanent_refusals"]})
        self.assertEqual(load["accepted"] + load["failed"], 300)
        self.assertEqual(load["failed"], report["permanent_refusals"])
        self.assertEqual(sorted(self.taken()), sorted(self.sent("accepted")))

    def test_skipping_does_not_send_again(self):
        sink = self.sink(temp_rate=0.5)
        load = self.load(sink, tolerant=True, skip=True)
        report = sink.stop()
        self.assertEqual(load["accepted"] + report["temporary_refusals"], 300)
        self.assertEqual(load["retries"], 0)

    def test_a_refusal_ends_a_run_that_is_not_tolerant(self):
        sink = self.sink(temp_rate=1)
        load = self.load(sink)
        self.assertNotEqual(load["status"], 0)
        self.assertFalse(load["ok"])
        self.assertIn("451", load["stderr"])

    def test_the_same_seed_spoils_the_same_messages(self):
        runs = []
        for _ in range(2):
            sink = self.sink(temp_rate=0.3, seed=11)
            self.load(sink, connections=1, tolerant=True, skip=True, run="same", messages=100)
            sink.stop()
            runs.append(self.sent("refused"))
            os.unlink(self.sent_ids)
        self.assertGreater(len(runs[0]), 10)
        self.assertEqual(runs[0], runs[1])

    def test_connections_cut_before_the_message_is_recorded(self):
        sink = self.sink(disconnect_at="dot", disconnect_rate=0.2)
        load = self.load(sink, tolerant=True)
        report = sink.stop()
        self.assertGreater(report["dropped_connections"], 20)
        self.assertEqual(load["unknown"], report["dropped_connections"])
        self.assertEqual(load["errors"]["lost"], report["dropped_connections"])
        self.assertEqual(load["accepted"], 300)
        self.assertEqual(sorted(self.taken()), sorted(self.sent("accepted")))

    def test_connections_cut_after_the_message_is_recorded(self):
        sink = self.sink(disconnect_at="accepted", disconnect_rate=0.2)
        load = self.load(sink, tolerant=True)
        report = sink.stop()
        self.assertEqual(load["unknown"], report["dropped_connections"])
        self.assertEqual(len(self.taken()), 300 + report["dropped_connections"])
        self.assertEqual(set(self.taken()), set(self.sent("accepted")))
        self.assertEqual(len(self.sent("unknown")), load["unknown"])

    def test_a_killed_sink_keeps_what_it_accepted(self):
        sink = self.sink()
        where = f"127.0.0.1:{sink.port}"
        load = programs.start_loadgen(LOADGEN, port=sink.port, connections=5, messages=20000,
                                      tolerant=True, reconnect_delay=10, ids=self.sent_ids)
        self.addCleanup(programs.end_process, load)
        programs.wait_until(lambda: sink.statistics()["messages"] > 500, 20, "messages")
        sink.stop(signal.SIGKILL)
        self.sink(listen=where)
        result = programs.finish_loadgen(load)
        self.assertEqual(result["accepted"], 20000)
        self.assertGreater(result["errors"]["lost"], 0)
        self.assertEqual(set(self.sent("accepted")) - set(self.taken()), set())
        surplus = len(self.taken()) - 20000
        self.assertLessEqual(surplus, result["unknown"])

    def test_limit_of_connections(self):
        sink = self.sink(max_connections=3)
        load = self.load(sink, tolerant=True, messages=50)
        report = sink.stop()
        self.assertEqual(load["accepted"], 50)
        self.assertGreater(report["refused_connections"], 0)

    def test_tarpit_and_timeout(self):
        for stage in "connect", "ehlo", "mail", "rcpt", "data", "dot":
            sink = self.sink(tarpit=stage)
            load = self.load(sink, messages=1, connections=1, timeout=0.2)
            report = sink.stop()
            self.assertEqual(load["errors"]["timeout"], 1, stage)
            self.assertEqual(load["unknown"], int(stage == "dot"))
            self.assertEqual(report["messages"], 0)

    def test_an_open_loop_counts_from_the_arrival(self):
        # One session, answers take 20 ms, arrivals come each 10 ms: the queue is in the times.
        sink = self.sink(delay_data=20)
        load = self.load(sink, rate=100, even=True, connections=1, messages=30)
        sink.stop()
        self.assertEqual(load["accepted"], 30)
        self.assertGreater(load["latency_msec"]["transaction"]["max"], 200)
        self.assertGreater(load["latency_msec"]["dot"]["p50"], 19)

    def test_a_limit_in_time(self):
        sink = self.sink(delay_data=5)
        load = self.load(sink, messages=None, seconds=0.5, rate=1000, connections=1)
        report = sink.stop()
        self.assertEqual(load["status"], 0)
        self.assertEqual(load["accepted"], report["messages"])
        self.assertGreater(load["backlog"], 100)

    def test_a_server_that_puts_everything_off_does_not_hold_up_the_end(self):
        for stage in "rcpt", "dot":
            sink = self.sink(temp_rate=1, at=stage)
            load = self.load(sink, messages=None, seconds=0.3, tolerant=True, retry_delay=20)
            report = sink.stop()
            self.assertEqual(load["accepted"], 0)
            self.assertEqual(load["failed"], 5)
            self.assertGreater(load["retries"], 5)
            self.assertEqual(load["refused"], {"451": report["temporary_refusals"]})

    def test_delays_are_timers(self):
        sink = self.sink(delay_banner=100, delay_reply=10)
        load = self.load(sink, connections=50, messages=50)
        sink.stop()
        self.assertEqual(load["accepted"], 50)
        self.assertGreaterEqual(load["latency_msec"]["connect"]["p50"], 99)
        self.assertLess(load["elapsed_seconds"], 2)

    def test_idle_connections(self):
        sink = self.sink()
        load = programs.start_loadgen(LOADGEN, port=sink.port, idle=200)
        self.addCleanup(programs.end_process, load)
        programs.wait_until(lambda: sink.statistics()["open_connections"] == 200, 20, "connections")
        self.assertIn("idle with 200", load.stderr.readline())
        load.send_signal(signal.SIGTERM)
        self.assertEqual(programs.finish_loadgen(load)["connections"], 200)
        report = sink.stop()
        self.assertEqual(report["peak_connections"], 200)
        self.assertEqual(report["messages"], 0)

    def test_stored_messages_are_what_was_sent(self):
        sink = self.sink(store=self.folder)
        text = b"Subject: dots\r\nX-Postal-MsgID: abc\r\n\r\n.\r\n..\r\n.x\r\nend\r\n"
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail("a@example.com", ["b@example.com", "c@example.com"], text)
        sink.stop()
        with open(os.path.join(self.folder, "000000001.eml"), "rb") as f:
            self.assertEqual(f.read(), text)
        records = programs.read_records(self.taken_ids)
        self.assertEqual([r[2:6] for r in records],
                         [["-", "abc", "a@example.com", "b@example.com"],
                          ["-", "abc", "a@example.com", "c@example.com"]])

    def test_chunks_and_split_input(self):
        sink = self.sink(store=self.folder, chunking=True)
        talk = (b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nBDAT 10\r\nS: x\r\n\r\n.\r"
                b"BDAT 2 LAST\r\n\n.MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
                b"..\r\n.x\r\n.\r\nQUIT\r\n")
        with socket.create_connection(("127.0.0.1", sink.port)) as s:
            for i in range(len(talk)):
                s.sendall(talk[i:i + 1])
            replies = s.makefile("rb").read().decode().splitlines()
        self.assertEqual([r[:3] for r in replies if r[3] == " "],
                         "220 250 250 250 250 250 250 250 354 250 221".split())
        sink.stop()
        for number, want in (1, b"S: x\r\n\r\n.\r\n."), (2, b".\r\nx\r\n"):
            with open(os.path.join(self.folder, f"{number:09}.eml"), "rb") as f:
                self.assertEqual(f.read(), want)

    def test_commands_after_starttls_in_the_clear_are_dropped(self):
        sink = self.sink(tls_self_signed=True)
        with socket.create_connection(("127.0.0.1", sink.port)) as s:
            s.sendall(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@x>\r\nNOOP\r\n")
            s.settimeout(0.3)
            seen = b""
            try:
                while data := s.recv(4096):
                    seen += data
            except TimeoutError:
                pass
        self.assertTrue(seen.endswith(b"220 2.0.0 Go ahead\r\n"), seen)


if __name__ == "__main__":
    LOADGEN, SINK = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
