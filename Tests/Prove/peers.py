"""Peers that stand where AWS or a proxy would: threads of this program, each on a loopback port of its own."""

import http.client
import http.server
import itertools
import socketserver
import ssl
import subprocess
import threading

from harness import Failure


class Server:
    """An HTTP server that hands each request to `answer`; it can stop, and come back on the same port."""

    def __init__(self, answer, certificate=None, port=0):
        self._answer = answer
        self._certificate = certificate
        self.requests = []
        self.port = port
        self._server = None
        self.start()

    @property
    def url(self):
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}"

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append((self.path, dict(self.headers), body))
                status, headers, content = outer._answer(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass  # a client that gives up in the handshake is what these cases are about

            def get_request(self):
                connection, address = super().get_request()
                connection.settimeout(60)
                outer._connections.append(connection)
                return connection, address

        self._connections = []
        self._server = Threads(("127.0.0.1", self.port), Handler)
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """Closes the port and every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self._connections:
            connection.close()

    def present(self, certificate):
        """Comes back on the same port with another certificate."""
        self.stop()
        self._certificate = certificate
        self.start()


def hands_over():
    """Answers as Lambda does."""
    numbers = itertools.count()

    def answer(*_):
        return 202, {"x-amzn-RequestId": f"00000000-0000-4000-8000-{next(numbers):012}"}, b""
    return answer


class Proxy(Server):
    """A forward proxy for plain HTTP: carries requests to `port`, or shows a page of its own while `page` is set."""

    def __init__(self, port, page=None):
        self.page = page
        self._target = port
        super().__init__(self._carry)

    def _carry(self, path, headers, body):
        if self.page:
            return 200, {"Content-Type": "text/html"}, self.page.encode()
        connection = http.client.HTTPConnection("127.0.0.1", self._target, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if not name.lower().startswith("proxy-")}
            connection.request("POST", "/" + path.split("/", 3)[3], body, kept)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        dropped = ("content-length", "transfer-encoding", "connection")
        return answer.status, {k: v for k, v in answer.getheaders() if k.lower() not in dropped}, content


def certificate(folder, name, address):
    """A self-signed certificate for `address` (as OpenSSL writes it: IP:127.0.0.1): its file, and its key's."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName={address}", "-out", paths[0], "-keyout", paths[1]],
        capture_output=True, text=True)
    if made.returncode:
        raise Failure(f"openssl req: {made.stderr[-300:]}")
    return paths
