# SPDX-License-Identifier: Apache-2.0
"""Budgets, webhooks and `itemize watch`, with the programs as users run them."""

import datetime
import hashlib
import hmac
import http.server
import json
import os
import signal
import ssl
import subprocess
import threading
import time
import unittest
from decimal import Decimal

from harness import TestCase, program

SECRET = "a secret of these tests"
MODEL = "house-model-1"


class Receiver:
    """A receiver of webhooks that answers with these statuses, the last one for ever."""

    def __init__(self, *statuses, certificate=None):
        self.requests = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._changed:
                    status = statuses[min(len(receiver.requests), len(statuses) - 1)]
                    receiver.requests.append((dict(self.headers), body))
                    receiver._changed.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.host = f"localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= count, 120), self.requests
            return list(self.requests)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Watch:
    """`itemize watch --json`, whose lines are read as they come."""

    def __init__(self, address):
        command = [program("ITEMIZE_BIN", "itemize"), "--server", address, "watch", "--json"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def next(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def interrupt(self):
        """Presses Ctrl-C; returns the exit status and what was said on standard error."""
        self.process.send_signal(signal.SIGINT)
        self.process.stdout.read()
        said = self.process.stderr.read()
        status = self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()
        return status, said


def calls(first, tokens):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    return [
        {
            "event_id": f"c-{first + i}",
            "time": now.isoformat(),
            "workflow_id": "run-1",
            "step": "plan",
            "model": MODEL,
            "usage": {"input_tokens": count},
        }
        for i, count in enumerate(tokens)
    ]


class Budgets(TestCase):
    def start_with(self, receiver, **options):
        secret = self.directory / "secret"
        secret.write_text(SECRET + "\n", encoding="utf-8")
        flags = ["--webhook-allow", receiver.host, "--webhook-secret-file", str(secret)]
        return self.start(flags=flags, **options)

    def crossed(self, name):
        """The thresholds that a budget has crossed."""
        for status in self.ask("budgets", "list")["budgets"]:
            if status["budget"]["name"] == name:
                return [crossing["threshold_percent"] for crossing in status["crossings"]]
        return None

    def wait_crossed(self, name, wanted):
        while self.crossed(name) != wanted:
            time.sleep(0.05)

    def check_signature(self, request):
        headers, body = request
        at, signature = headers["Itemized-Signature"].split(",")
        signed = at.removeprefix("t=").encode() + b"." + body
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        self.assertEqual(signature, f"v1={expected}")
        self.assertLess(abs(time.time() - int(at.removeprefix("t="))), 3600)

    def test_a_crossing_is_told_once_over_failures_and_kills(self):
        receiver = Receiver(500, 200)
        self.addCleanup(receiver.close)
        self.start_with(receiver)
        self.set_rates({MODEL: {"input": "1"}})
        self.itemize(
            "budgets", "set", "all", "--amount", "0.001", "--at", "50,100",
            "--webhook", f"http://{receiver.host}/hook")
        self.import_events(calls(0, [600]))
        requests = receiver.wait(2)
        bodies = [json.loads(body) for _, body in requests]
        self.assertEqual(bodies[0]["id"], bodies[1]["id"])
        self.assertEqual(bodies[1]["threshold_percent"], 50)
        self.assertEqual(Decimal(bodies[1]["spent_usd"]), Decimal("0.0006"))
        for request in requests:
            self.check_signature(request)
        while self.ask("budgets", "list")["budgets"][0]["crossings"][0]["delivery"] != "sent":
            time.sleep(0.05)
        grpc = self.server.grpc
        self.server.kill()
        self.start_with(receiver, grpc=grpc)
        self.assertEqual(self.crossed("all"), [50])
        self.import_events(calls(1, [100, 300]))
        requests = receiver.wait(3)
        self.assertEqual(json.loads(requests[2][1])["threshold_percent"], 100)
        self.itemize("verify")
        self.assertEqual(len(receiver.requests), 3)

    def make_certificate(self):
        """A certificate for localhost that nobody but these tests trusts, beside its key."""
        path = self.directory / "localhost.pem"
        self.run_program(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", path.with_suffix(".key"), "-out", path])
        return path

    def cross_over_tls(self, receiver):
        self.start_with(receiver)
        self.set_rates({MODEL: {"input": "1"}})
        self.itemize(
            "budgets", "set", "all", "--amount", "0.001", "--at", "50",
            "--webhook", f"https://{receiver.host}/hook")
        self.import_events(calls(0, [600]))

    def test_a_webhook_over_tls_goes_to_whom_the_machine_trusts(self):
        certificate = self.make_certificate()
        receiver = Receiver(200, certificate=certificate)
        self.addCleanup(receiver.close)
        trusted = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(certificate)
        try:
            self.cross_over_tls(receiver)
        finally:
            os.environ.pop("SSL_CERT_FILE")
            if trusted is not None:
                os.environ["SSL_CERT_FILE"] = trusted
        self.check_signature(receiver.wait(1)[0])

    def test_a_webhook_over_tls_goes_to_nobody_else(self):
        receiver = Receiver(200, certificate=self.make_certificate())
        self.addCleanup(receiver.close)
        self.cross_over_tls(receiver)
        while "could not be trusted" not in self.server.log:
            time.sleep(0.05)
        self.assertEqual(receiver.requests, [])
        self.assertEqual(self.server.stop(), 0)

    def test_a_budget_stands_where_the_ranking_does(self):
        self.start()
        self.set_rates({MODEL: {"input": "0.333"}})
        self.import_events(calls(0, [7, 11, 13, 1_000_003]))
        self.itemize("budgets", "set", "plan", "--amount", "100", "--per", "day", "--step", "plan")
        status = self.ask("budgets", "list")["budgets"][0]
        top = self.ask("top", "--from", status["period_start"], "--to", status["period_end"])
        self.assertEqual(status["spent_usd"], top["total"]["cost_usd"])
        self.assertEqual(Decimal(status["spent_usd"]), Decimal("0.333") * 1_000_034 / 1_000_000)
        self.itemize("budgets", "remove", "plan")
        self.assertEqual(self.ask("budgets", "list")["budgets"], [])

    def test_refusals_say_what_to_mend(self):
        self.start()
        set_all = ("budgets", "set", "all", "--amount")
        refused = self.itemize(*set_all, "1", "--webhook", "http://10.0.0.1/", status=3)
        self.assertIn("--webhook-allow 10.0.0.1", refused.stderr)
        refused = self.itemize(*set_all, "0", status=2)
        self.assertIn("give one above 0.", refused.stderr)
        refused = self.itemize("budgets", "remove", "all", status=4)
        self.assertIn("There is no budget", refused.stderr)

    def test_watch_goes_on_over_a_restart_until_ctrl_c(self):
        self.start()
        self.set_rates({MODEL: {"input": "1"}})
        self.import_events(calls(0, [10] * 40))
        watch = Watch(self.server.grpc)
        self.addCleanup(watch.process.kill)
        self.assertIn("started", watch.next())
        self.import_events(calls(100, [10, 5_000]))
        outlier = watch.next()["outlier"]
        self.assertEqual((outlier["event_id"], outlier["cost_usd"]), ("c-101", "0.005"))
        self.assertEqual((outlier["p50_usd"], outlier["multiple"]), ("0.00001", 500))
        grpc = self.server.grpc
        self.assertEqual(self.server.stop(), 0)
        self.start(grpc=grpc)
        self.assertIn("started", watch.next())
        self.itemize("budgets", "set", "all", "--amount", "0.001", "--at", "100")
        self.assertEqual(watch.next()["crossing"]["budget"], "all")
        status, said = watch.interrupt()
        self.assertEqual(status, 0)
        self.assertIn("is gone; it is tried again until Ctrl-C.", said)
        self.assertIn("is back; what came meanwhile is not shown.", said)


if __name__ == "__main__":
    unittest.main()
