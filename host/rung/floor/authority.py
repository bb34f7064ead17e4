"""The floor's own certificate authority: made at set-up, it makes the server's certificate and nothing else."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rung.private import write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 825  # the longest that is still believed everywhere
RENEW_DAYS = 60  # before its end

KEY, CERTIFICATE, SERVER_KEY, SERVER_CERTIFICATE = "ca.key", "ca.pem", "server.key", "server.pem"


def make_authority(folder: Path) -> None:
    """A new authority, unless there is one."""
    if (folder / CERTIFICATE).exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Rung floor authority")
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    made = (
        _begun(name, name, key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / KEY, _private(key))
    write_private(folder / CERTIFICATE, made.public_bytes(serialization.Encoding.PEM))


def make_server_certificate(folder: Path, hosts: tuple[str, ...]) -> None:
    """For these names and addresses; again if they have changed or the end of its time is near."""
    names = [_alternative(host) for host in hosts]
    if _is_good(folder / SERVER_CERTIFICATE, names):
        return
    authority = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
    signer = serialization.load_pem_private_key((folder / KEY).read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _begun(_name("Rung floor"), authority.subject, key, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        .sign(signer, hashes.SHA256())
    )
    write_private(folder / SERVER_KEY, _private(key))
    write_private(folder / SERVER_CERTIFICATE, made.public_bytes(serialization.Encoding.PEM))


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that is known by its digest alone, with its key, made once; both files."""
    certificate, key_file = folder / "own.pem", folder / "own.key"
    if not certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        made = _begun(_name(name), _name(name), key, AUTHORITY_DAYS).sign(key, hashes.SHA256())
        write_private(key_file, _private(key))
        write_private(certificate, made.public_bytes(serialization.Encoding.PEM))
    return certificate, key_file


def _is_good(file: Path, names: list[x509.GeneralName]) -> bool:
    if not file.exists():
        return False
    there = x509.load_pem_x509_certificate(file.read_bytes())
    its = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    ends = there.not_valid_after_utc - datetime.now(UTC)
    return list(its) == names and ends > timedelta(days=RENEW_DAYS)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
