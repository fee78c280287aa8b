"""Certificates as a company makes them: an authority of its own, and what it signs. Needs the openssl command."""

import datetime
import subprocess

from harness import Failure

CONFIGURATION = """
[ca]
default_ca = own
[own]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/authority.pem
private_key = {folder}/authority.key
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*arguments):
    run = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if run.returncode:
        raise Failure(f"openssl {arguments[0]}: {run.stderr[-300:]}")


def days_from_now(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Authority:
    """A certificate authority in a folder; `bundle` is what trusts it."""

    def __init__(self, folder):
        self._folder = folder / "authority"
        self._folder.mkdir()
        self._configuration = self._folder / "ca.cnf"
        self._configuration.write_text(CONFIGURATION.format(folder=self._folder))
        (self._folder / "index.txt").write_text("")
        (self._folder / "serial").write_text("01\n")
        self.bundle = self._folder / "authority.pem"
        self._sign("authority", "DNS:authority.example", -30, 300, "-selfsign", "-keyfile", "basicConstraints=CA:TRUE")

    def sign(self, name, address, first_day=-30, last_day=30):
        """A certificate for `address` (as OpenSSL writes it: IP:127.0.0.1), valid between two days from now: its
        file, and its key's."""
        return self._sign(name, address, first_day, last_day)

    def _sign(self, name, address, first_day, last_day, *own):
        paths = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        request = self._folder / f"{name}.csr"
        extensions = ["-addext", f"subjectAltName={address}"]
        options = []
        if own:
            extensions += ["-addext", own[2]]
            options = [own[0], own[1], paths[1]]
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                f"/CN={name}", *extensions, "-keyout", paths[1], "-out", request)
        openssl("ca", "-batch", "-notext", "-config", self._configuration, *options, "-startdate",
                days_from_now(first_day), "-enddate", days_from_now(last_day), "-in", request, "-out", paths[0])
        return paths


def self_signed(folder, name, address):
    """A certificate that nobody but itself vouches for: its file, and its key's."""
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", f"subjectAltName={address}", "-out", paths[0], "-keyout", paths[1])
    return paths
