"""Throw-away certificates, made with the openssl command."""
import os
import ssl
import subprocess

KINDS = ("good", "expired", "wrong-host", "self-signed")
LOOPBACK = "subjectAltName=DNS:localhost,IP:127.0.0.1"
ELSEWHERE = "subjectAltName=DNS:elsewhere.example"
CA_CONFIG = """
[ca]
default_ca = throwaway
[throwaway]
database = {directory}/index.txt
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = anything
[anything]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
{names}
"""


def _openssl(directory, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=directory,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def _new_key(name):
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{name}.key"]


def make(directory, kind):
    """Make a CA and a server certificate; returns (context, CA file)."""
    names = ELSEWHERE if kind == "wrong-host" else LOOPBACK
    _openssl(directory, "req", "-x509", *_new_key("ca"), "-days", "2",
             "-subj", "/CN=throw-away test CA", "-out", "ca.pem",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    if kind == "self-signed":
        _openssl(directory, "req", "-x509", *_new_key("server"), "-days", "2",
                 "-subj", "/CN=localhost", "-addext", names,
                 "-out", "server.pem")
    else:
        _sign_by_ca(directory, kind, names)
    # A server run by another user reads the CA file; keys stay private.
    os.chmod(directory, 0o755)
    os.chmod(os.path.join(directory, "ca.pem"), 0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, "server.pem"),
                            os.path.join(directory, "server.key"))
    # Whoever offers HTTP/2 gets it by the handshake, and then HTTP/1.1.
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context, os.path.join(directory, "ca.pem")


def _sign_by_ca(directory, kind, names):
    """A certificate of the CA; "openssl ca" because only it can backdate."""
    with open(os.path.join(directory, "ca.cnf"), "w",
              encoding="ascii") as config:
        config.write(CA_CONFIG.format(directory=directory, names=names))
    with open(os.path.join(directory, "index.txt"), "w", encoding="ascii"):
        pass
    _openssl(directory, "req", "-new", *_new_key("server"), "-subj",
             "/CN=localhost", "-out", "server.csr")
    validity = ["-days", "2"]
    if kind == "expired":
        validity = ["-startdate", "20200101000000Z",
                    "-enddate", "20200201000000Z"]
    _openssl(directory, "ca", "-config", "ca.cnf", "-batch", "-notext",
             "-cert", "ca.pem", "-keyfile", "ca.key", "-extensions", "leaf",
             "-in", "server.csr", "-out", "server.pem", *validity)
