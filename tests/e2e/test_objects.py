# SPDX-License-Identifier: MIT
"""Creating and listing organizations, mail servers, domains, credentials and routes; and that what is created
looks, column by column, like what Postal creates."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.postal import Postal  # noqa: E402

SHAPES = [
    ("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    ("time with fraction", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"),
    ("time", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"),
    ("bcrypt", r"\$2a\$12\$[./A-Za-z0-9]{53}"),
    ("private key", r"-----BEGIN RSA PRIVATE KEY-----\\n.*\\n-----END RSA PRIVATE KEY-----\\n"),
    ("decimal", r"\d+\.\d\d"),
    ("integer", r"\d+"),
    ("6 letters", r"[a-z]{6}"),
    ("dkim string", r"[A-Za-z][A-Z]{4}[A-Za-z]"),
    ("24 letters and digits", r"[A-Za-z0-9]{24}"),
    ("32 letters and digits", r"[A-Za-z0-9]{32}"),
]
# Columns with text that somebody chose, in which a value has no shape but itself.
CHOSEN = {"name", "permalink", "first_name", "last_name", "email_address", "key", "owner_id", "organization_id"}


def shape(column, value):
    if value is None:
        return "NULL"
    for name, pattern in SHAPES:
        if re.fullmatch(pattern, value):
            return name
    return "text" if column in CHOSEN else "'%s'" % value


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postal = Postal()
        cls.addClassCleanup(cls.postal.close)
        cls.postal.load_recorded()
        os.mkdir(cls.postal.runtime)

    def columns(self, table):
        return [row[0] for row in self.postal.sql(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
            "AND TABLE_NAME = '%s' ORDER BY ORDINAL_POSITION" % table)]

    def rows(self, table, where):
        return self.postal.sql("SELECT * FROM `%s` WHERE %s" % (table, where))

    def check_shape(self, table, new, recorded):
        """Every column of the new row has a value of a kind that a recorded row has there."""
        columns = self.columns(table)
        known = [set() for _ in columns]
        for row in self.rows(table, recorded):
            for i, value in enumerate(row):
                known[i].add(shape(columns[i], value))
        (row,) = self.rows(table, "id = %d" % new)
        for column, value, shapes in zip(columns, row, known):
            self.assertIn(shape(column, value), shapes, "%s.%s" % (table, column))

    def problems(self, *arguments):
        done = self.postal.run(*arguments, status=1)
        self.assertEqual(done.stdout, "")
        return re.findall(r"^ \* (.*)$", done.stderr, re.M)

    def touched(self):
        try:
            os.unlink(os.path.join(self.postal.runtime, "objects"))
            return True
        except FileNotFoundError:
            return False

    def test_users(self):
        self.touched()
        self.postal.run("make-user", "--email", "grace@example.com", "--first-name", "Grace", "--last-name", "Hopper",
                        "--password", "password1", "--admin")
        self.assertTrue(self.touched())
        ((user,),) = self.postal.sql("SELECT id FROM users WHERE email_address = 'grace@example.com'")
        # Of the recorded two, one had its password reset, which leaves a token.
        self.check_shape("users", int(user), "TRUE")
        self.assertEqual(self.postal.sql("SELECT password_reset_token FROM users WHERE id = " + user), [(None,)])

    def test_organizations(self):
        self.touched()
        made = self.postal.json("organization", "create", "--name", "Acme")
        self.assertTrue(self.touched())
        self.assertEqual((made["permalink"], made["owner_id"], made["servers"]), ("acme-3", 1, 0))
        self.check_shape("organizations", made["id"], "id <= 2")
        listed = self.postal.json("organization", "list")
        self.assertFalse(self.touched())
        self.assertIn(made, listed)
        self.assertEqual(next(o for o in listed if o["permalink"] == "acme")["servers"] >= 3, True)
        text = self.postal.run("organization", "list").stdout
        self.assertRegex(text, r"(?m)^ID +Permalink +Name +Servers +Created +Suspended$")
        self.assertRegex(text, r"(?m)^1 +acme +Acme +\d +2026-11-22 08:29:06  -$")
        owned = self.postal.json("organization", "create", "--name", "Norm's", "--owner", "norm@example.com",
                                 "--permalink", "norm")
        self.assertEqual((owned["owner_id"], owned["permalink"]), (2, "norm"))
        self.assertEqual(self.problems("organization", "create", "--name", " "),
                         ["Name can't be blank", "Short name can't be blank"])
        self.assertEqual(self.problems("organization", "create", "--name", "x", "--permalink", "acme"),
                         ["Short name has already been taken"])
        self.assertIn("There is no user 'x@y'",
                      self.postal.run("organization", "create", "--name", "x", "--owner", "x@y", status=1).stderr)

    def test_servers(self):
        made = self.postal.json("server", "create", "--organization", "acme", "--name", "New Box", "--mode",
                                "Development")
        self.assertEqual((made["path"], made["mode"], made["send_limit"]), ("acme/new-box", "Development", None))
        self.assertEqual((made["spam_threshold"], made["spam_failure_threshold"]), (5.0, 20.0))
        self.check_shape("servers", made["id"], "id IN (2, 4)")
        self.assertEqual(self.postal.sql("SELECT COUNT(*), MAX(version) FROM migrations",
                                         self.postal.message_database(made["id"])), [("20", "20")])
        self.assertIn(made, self.postal.json("server", "list"))
        self.assertNotIn(made, self.postal.json("server", "list", "--organization", "acme-2"))
        suspended = next(s for s in self.postal.json("server", "list") if s["permalink"] == "suspended")
        self.assertEqual((suspended["suspended"], suspended["suspension_reason"]), (True, "Testing suspension"))
        self.assertEqual(self.problems("server", "create", "--organization", "1", "--name", "new box"),
                         ["Name has already been taken", "Short name has already been taken"])
        self.assertEqual(self.problems("server", "create", "--organization", "acme", "--name", "x", "--ip-pool", "99"),
                         ["IP pool must belong to the organization"])
        for what in "none", "":
            self.assertIn("There is no organization '%s'." % what,
                          self.postal.run("server", "create", "--organization", what, "--name", "x", status=1).stderr)
        self.postal.configure(postal={"default_spam_threshold": 7})
        made = self.postal.json("server", "create", "--organization", "acme", "--name", "Seven", "--ip-pool",
                                "2")
        self.assertEqual((made["mode"], made["spam_threshold"], made["ip_pool_id"]), ("Live", 7.0, 2))

    def test_domains(self):
        made = self.postal.json("domain", "create", "--server", "acme/main", "--name", "new.example.com")
        self.assertEqual((made["owner"], made["verified"], made["dkim_status"]), ("acme/main", False, None))
        self.check_shape("domains", made["id"], "id = 4")
        records = {record["purpose"]: record for record in made["dns_records"]}
        ((token, dkim),) = self.postal.sql("SELECT verification_token, dkim_identifier_string FROM domains "
                                           "WHERE id = %d" % made["id"])
        self.assertEqual(records["verification"]["value"], "postal-verification " + token)
        self.assertEqual(records["spf"], {"purpose": "spf", "type": "TXT", "name": "new.example.com",
                                          "value": "v=spf1 a mx include:spf.postal.test ~all"})
        self.assertEqual(records["dkim"]["name"], "postal-%s._domainkey.new.example.com" % dkim)
        self.assertRegex(records["dkim"]["value"], r"^v=DKIM1; t=s; h=sha256; p=[A-Za-z0-9+/]{390,}=*;$")
        self.assertEqual(records["return_path"]["name"], "psrp.new.example.com")
        self.assertEqual([r["value"] for r in made["dns_records"] if r["purpose"] == "mx"],
                         ["10 mx1.postal.test", "10 mx2.postal.test"])

        verified = self.postal.json("domain", "create", "--organization", "acme", "--name", "org.example.com",
                                    "--verified", "--verification-method", "Email")
        self.assertEqual((verified["owner"], verified["owner_type"], verified["verified"]),
                         ("acme", "Organization", True))
        self.assertNotIn("verification", [record["purpose"] for record in verified["dns_records"]])
        self.check_shape("domains", verified["id"], "id IN (3, 5)")

        text = self.postal.run("domain", "create", "--server", "dev-box", "--name", "text.example.com").stdout
        self.assertIn("\nDNS records to publish:\n\n", text)
        self.assertIn("\npsrp.text.example.com. CNAME rp.postal.test.\n", text)
        for quoted in re.findall(r'"([^"]*)"', text):
            self.assertLessEqual(len(quoted), 255)
        names = [domain["name"] for domain in self.postal.json("domain", "list", "--server", "acme/main")]
        self.assertIn("new.example.com", names)
        self.assertNotIn("text.example.com", names)
        self.assertEqual([domain["name"] for domain in self.postal.json("domain", "list", "--organization", "acme")],
                         ["org.example.com", "orgwide.example.org"])
        self.assertEqual(self.problems("domain", "create", "--server", "acme/main", "--name", "example.com"),
                         ["Name is already added"])
        self.assertEqual(self.problems("domain", "create", "--server", "acme/main", "--name", "Upper.Example"),
                         ["Name is invalid"])

    def test_credentials(self):
        made = self.postal.json("credential", "create", "--server", "acme/main", "--type", "api", "--name", "CLI")
        self.assertRegex(made["key"], r"^[A-Za-z0-9]{24}$")
        self.check_shape("credentials", made["id"], "id = 10")
        network = self.postal.json("credential", "create", "--server", "acme/main", "--type", "SMTP-IP", "--name",
                                   "Net", "--key", "192.0.2.0/24", "--hold")
        self.assertEqual((network["key"], network["hold"]), ("192.0.2.0/24", True))
        self.check_shape("credentials", network["id"], "id IN (2, 5)")
        listed = self.postal.json("credential", "list", "--server", "1")
        self.assertEqual(next(c["key"] for c in listed if c["id"] == made["id"]), made["key"][:4] + "...")
        self.assertIn(network, listed)
        self.assertIn(made, self.postal.json("credential", "list", "--server", "1", "--show-keys"))
        self.assertNotIn(made["key"], self.postal.run("credential", "list", "--server", "1").stdout)
        self.assertEqual(self.problems("credential", "create", "--server", "1", "--type", "SMTP-IP", "--name", "x",
                                       "--key", "nonsense"), ["Key must be a valid IPv4 or IPv6 address"])
        self.postal.run("credential", "create", "--server", "1", "--type", "SMTP", "--name", "x", "--key", "y",
                        status=64)

    def test_routes(self):
        made = self.postal.json("route", "create", "--server", "acme/main", "--name", "cli", "--domain",
                                "example.com", "--mode", "Hold", "--spam-mode", "Quarantine")
        self.assertEqual((made["address"], made["mode"], made["spam_mode"]),
                         ("cli@example.com", "Hold", "Quarantine"))
        self.assertRegex(made["forward_address"], r"^[A-Za-z0-9]{8}@routes\.postal\.test$")
        columns = self.columns("routes")
        (row,) = self.rows("routes", "id = %d" % made["id"])
        (recorded,) = self.rows("routes", "id = 16")
        for column, new, old in zip(columns, row, recorded):
            if column in ("spam_mode", "token"):
                continue
            self.assertEqual(shape("name" if column == "name" else column, new), shape(column, old), column)
        sent_on = self.postal.json("route", "create", "--server", "1", "--name", "*", "--domain",
                                   "orgwide.example.org", "--endpoint",
                                   "HTTPEndpoint#45ee55c8-920d-43a7-b127-1e3c193b6885")
        self.assertEqual((sent_on["mode"], sent_on["endpoint_type"], sent_on["endpoint_id"]),
                         ("Endpoint", "HTTPEndpoint", 1))
        self.assertIn("http://127.0.0.1:8099/", sent_on["endpoint"])
        listed = self.postal.json("route", "list", "--server", "acme/main")
        self.assertIn(made, listed)
        self.assertIn("Return Path", [route["address"] for route in listed])
        self.assertEqual(self.problems("route", "create", "--server", "1", "--name", "cli", "--domain", "example.com",
                                       "--mode", "accept"), ["Name is configured on the acme/main mail server"])
        self.assertEqual(self.problems("route", "create", "--server", "1", "--name", "x", "--mode", "accept"),
                         ["Domain can't be blank"])
        self.assertEqual(self.problems("route", "create", "--server", "1", "--name", "x", "--domain",
                                       "unverified.example.com", "--mode", "accept"),
                         ["Domain has not been verified yet"])
        self.assertIn("nor its organization has a domain 'none.example'",
                      self.postal.run("route", "create", "--server", "1", "--name", "x", "--domain", "none.example",
                                      "--mode", "accept", status=1).stderr)

    def test_names_of_servers(self):
        self.assertIn("There is no mail server 'acme/none'.",
                      self.postal.run("route", "list", "--server", "acme/none", status=1).stderr)
        twin = self.postal.json("server", "create", "--organization", "acme-2", "--name", "Dev Box")
        self.assertIn("Several organizations have a mail server 'dev-box'",
                      self.postal.run("route", "list", "--server", "dev-box", status=1).stderr)
        self.assertEqual(self.postal.json("route", "list", "--server", "acme-2/dev-box"), [])
        self.assertEqual(self.postal.json("route", "list", "--server", twin["uuid"]), [])
        self.assertEqual(self.postal.json("route", "list", "--server", twin["token"]), [])
        self.postal.sql("UPDATE servers SET permalink = 'twin' WHERE id = %d" % twin["id"])

    def test_hostile_names_do_not_reach_the_terminal(self):
        self.postal.run("organization", "create", "--name", "\033]0;pwned\a", "--permalink", "hostile")
        text = self.postal.run("organization", "list").stdout
        self.assertNotIn("\033", text)
        self.assertIn("?]0;pwned?", text)


if __name__ == "__main__":
    unittest.main()
