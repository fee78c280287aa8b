"""Peers that stand where AWS or a proxy would: threads of this program, each on a loopback port of its own."""

import contextlib
import http.client
import http.server
import itertools
import select
import socket
import socketserver
import ssl
import threading

from comparing import digest


class Server:
    """An HTTP server that hands each request to `answer`, which gives status, headers and body, or None to cut the
    connection; it can stop, and come back on the same port."""

    def __init__(self, answer, certificate=None, port=0, host="127.0.0.1"):
        self._answer = answer
        self._certificate = certificate
        self._host = host
        self.requests = []
        self.port = port
        self._server = None
        self.start()

    @property
    def url(self):
        return f"{'https' if self._certificate else 'http'}://{self._host}:{self.port}"

    def start(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append((self.path, dict(self.headers), body))
                answer = outer._answer(self.path, dict(self.headers), body)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, content = answer
                self.send_response_only(status)
                if "Date" not in headers:
                    self.send_header("Date", self.date_time_string())
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
            request_queue_size = 256

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
            # A thread may read from it: only this wakes it.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            connection.close()

    def present(self, certificate):
        """Comes back on the same port with another certificate."""
        self.stop()
        self._certificate = certificate
        self.start()

    def taken(self):
        """Digests of all bodies that came."""
        return [digest(body) for _, _, body in self.requests]


def hands_over():
    """Answers as Lambda does."""
    numbers = itertools.count()

    def answer(*_):
        return 202, {"x-amzn-RequestId": f"00000000-0000-4000-8000-{next(numbers):012}"}, b""
    return answer


def carries_to(port):
    """Hands each request on to a port of this machine, and its answer back, as a reverse proxy does."""
    def answer(path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            kept = {name: value for name, value in headers.items() if not name.lower().startswith("proxy-")}
            # A forward proxy is asked with a whole URL.
            target = path if path.startswith("/") else "/" + path.split("/", 3)[3]
            connection.request("POST", target, body, kept)
            came = connection.getresponse()
            content = came.read()
        finally:
            connection.close()
        dropped = ("content-length", "transfer-encoding", "connection")
        return came.status, {name: value for name, value in came.getheaders() if name.lower() not in dropped}, content
    return answer


CUT = "cut"


class Proxy(Server):
    """A forward proxy for plain HTTP: carries requests to `port`; or, while `page` is set, shows that page (status,
    headers, body), or for CUT closes the connection."""

    def __init__(self, port, page=None):
        self.page = page
        carry = carries_to(port)

        def answer(path, headers, body):
            if self.page == CUT:
                return None
            return self.page or carry(path, headers, body)
        super().__init__(answer)


class Tunnel:
    """A forward proxy for TLS: answers CONNECT and carries bytes to `port`, whatever host was asked for; or, while
    `refusal` is set, answers that (status and phrase), or for CUT closes the connection."""

    def __init__(self, port, refusal=None):
        self.refusal = refusal
        self.heads = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                head = b""
                while line := self.rfile.readline(65_536):
                    head += line
                    if line == b"\r\n":
                        break
                outer.heads.append(head.decode(errors="replace"))
                if outer.refusal == CUT:
                    return
                if outer.refusal:
                    page = b"<html><body>the company's proxy says no</body></html>"
                    self.wfile.write(f"HTTP/1.1 {outer.refusal}\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                                     f"Content-Length: {len(page)}\r\nConnection: close\r\n\r\n".encode() + page)
                    return
                with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as server:
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    pair = {self.connection: server, server: self.connection}
                    while readable := select.select(list(pair), [], [], 60)[0]:
                        for end in readable:
                            data = end.recv(65_536)
                            if not data:
                                return
                            pair[end].sendall(data)

        class Threads(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass  # connections that end while they are carried

        self._server = Threads(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
