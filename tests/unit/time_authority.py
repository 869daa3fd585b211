"""An authority of time stamps (RFC 3161) for tests: certificates and a server of its own."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = none
[root]
basicConstraints = critical,CA:TRUE
[stamping]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = stamper
[stamper]
serial = {folder}/serial
signer_cert = {folder}/stamper.pem
signer_key = {folder}/stamper.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = {digests}
tsa_name = yes
"""
NAME = "/O=Test/CN=Clock of the tests"


class Authority:
    """Certificates in a folder, and a server that stamps by them, or answers as a test wants.

    Attributes:
        root: the certificate by which its stamps are checked.
        address: of the server.
        answer: from a query to status and body; by default a stamp.
    """

    def __init__(self, folder: Path, digests: str = "sha256") -> None:
        folder.mkdir(parents=True)
        self.folder, self.root = folder, folder / "root.pem"
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder, digests=digests))
        new = ["req", "-newkey", "rsa:2048", "-nodes", "-config", "openssl.cnf"]
        self._openssl(*new, "-x509", "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
                      "-subj", "/CN=Root of the tests", "-extensions", "root")  # fmt: skip
        self._openssl(*new, "-keyout", "stamper.key", "-out", "request.pem", "-subj", NAME)
        self._openssl("x509", "-req", "-in", "request.pem", "-CA", "root.pem", "-CAkey", "root.key",
                      "-CAcreateserial", "-out", "stamper.pem", "-days", "3650",
                      "-extfile", "openssl.cnf", "-extensions", "stamping")  # fmt: skip
        self.answer = lambda query: (200, self.stamp(query))
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802  (the name that http.server asks for)
                query = self.rfile.read(int(self.headers["Content-Length"]))
                asked = self.headers["Content-Type"] == "application/timestamp-query"
                status, body = owner.answer(query) if asked else (415, b"")
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/stamp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stamp(self, query: bytes) -> bytes:
        """The answer to a query: a stamp of now, or a refusal."""
        (self.folder / "query.tsq").write_bytes(query)
        self._openssl("ts", "-reply", "-queryfile", "query.tsq", "-config", "openssl.cnf",
                      "-out", "answer.tsr")  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()

    def query(self, content: bytes) -> bytes:
        """A query for a stamp of some bytes, with a nonce of its own."""
        (self.folder / "content").write_bytes(content)
        self._openssl("ts", "-query", "-data", "content", "-sha256", "-cert", "-out", "own.tsq")
        return (self.folder / "own.tsq").read_bytes()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)


if __name__ == "__main__":
    authority = Authority(Path(sys.argv[1]).resolve())
    print(authority.address, flush=True)
    authority.server.serve_forever()
