# SPDX-License-Identifier: MIT
"""An authority and the certificates it signs, made with openssl(1)."""

import os
import subprocess

from harness.process import find_program


def openssl(*words):
    subprocess.run([find_program("openssl"), *words], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Authority:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "certificates")
        os.makedirs(self.folder)
        self.path = self.file("ca.crt")
        self.key = self.file("ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=Test authority", "-keyout", self.key, "-out", self.path)

    def file(self, name):
        return os.path.join(self.folder, name)

    def issue(self, *names, file=None):
        """Returns (certificate, key), each the path of a PEM file. The first name is the subject's."""
        stem = self.file(file or names[0])
        request = stem + ".csr"
        extensions = stem + ".ext"
        with open(extensions, "w", encoding="ascii") as f:
            f.write("subjectAltName=" + ",".join("DNS:" + name for name in names) + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + names[0],
                "-keyout", stem + ".key", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key, "-CAcreateserial",
                "-days", "30", "-extfile", extensions, "-out", stem + ".crt")
        return stem + ".crt", stem + ".key"
