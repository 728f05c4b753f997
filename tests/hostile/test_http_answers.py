# SPDX-License-Identifier: Apache-2.0
"""Requests that are small and whose answers would be large."""

import json
import threading
import unittest

import hostile
from hostile import MIB


class AnswersTest(hostile.TestCase):
    def test_bodies_of_refused_lines_get_a_short_answer(self):
        self.start()
        neighbour = hostile.Neighbour(self.server.http)
        before = self.resident()
        body = b"x\n" * (4 * MIB)
        answers = []

        def post():
            answers.append(hostile.request(self.server.http, "POST", "/api/v1/events", body))

        senders = [threading.Thread(target=post) for _ in range(4)]
        for sender in senders:
            sender.start()
        self.assert_answers()
        for sender in senders:
            sender.join()
        for status, answer in answers:
            self.assertEqual(status, 422)
            self.assertLess(len(answer), MIB)
            told = json.loads(answer)
            self.assertEqual(told["refused"], 4 * MIB)
            self.assertEqual(len(told["refusals"]) + told["refusals_omitted"], 4 * MIB)
            self.assertEqual(told["refusals"][0]["line"], 1)
        self.assert_neighbour_complete(neighbour)
        self.assertLess(self.peak() - before, 400 * MIB)


if __name__ == "__main__":
    unittest.main()
