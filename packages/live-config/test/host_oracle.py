"""A second opinion on hosts: what curl and the C library of a bottle would make of a text.

libidn2 (which curl and wget use) maps names, inet_aton of the C library reads IPv4 in its odd notations, and the ipaddress
module reads IPv6. No line of it is shared with the package, which asks the URL parser of Node (ada). Reads one JSON request
a line, {"host"} or {"host", "port", "allowlist"}, and answers each with one JSON line: the canonical host or null, or whether
a line of the allowlist covers it.
"""

import ctypes
import ipaddress
import json
import re
import socket
import sys

IDN2_NONTRANSITIONAL = 8
libidn2 = ctypes.CDLL("libidn2.so.0")
libidn2.idn2_to_ascii_8z.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int]


def to_ascii(text):
    result = ctypes.c_char_p()
    try:
        status = libidn2.idn2_to_ascii_8z(text.encode(), ctypes.byref(result), IDN2_NONTRANSITIONAL)
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return result.value.decode() if status == 0 else None


def canonical(text):
    """An address, a list of labels, or None."""
    if "\0" in text or any(c.isspace() for c in text):
        return None
    if ":" in text or text.startswith("["):
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            address = ipaddress.IPv6Address(bare)
        except ValueError:
            return None
        return None if address.scope_id else address.ipv4_mapped or address
    name = to_ascii(text)
    if name is None:
        return None
    name = name[:-1] if name.endswith(".") else name
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError:
        labels = name.split(".")
    if len(name) > 253 or not all(re.fullmatch("[a-z0-9_-]{1,63}", label) for label in labels):
        return None
    last = labels[-1]
    if last.isdigit() or (last.startswith("0x") and all(c in "0123456789abcdef" for c in last[2:])):
        return None  # looks like an address and is none
    return labels


def covers(line, host, port):
    pattern, *flags = line.split()
    head, colon, tail = pattern.rpartition(":")
    said = bool(colon) and not pattern.endswith("]")
    wanted, ports = (head, [int(tail)]) if said else (pattern, [80, 443])
    if port not in ports:
        return False
    if wanted == "*":
        return isinstance(host, list) or "ip" in flags
    if not wanted.startswith("*."):
        return canonical(wanted) == host
    parent = canonical(wanted[2:])
    return isinstance(host, list) and len(host) > len(parent) and host[-len(parent) :] == parent


for request in map(json.loads, sys.stdin):
    host = canonical(request["host"])
    if "allowlist" in request:
        answer = host is not None and any(covers(line, host, request["port"]) for line in request["allowlist"])
    else:
        answer = ".".join(host) if isinstance(host, list) else host and str(host)
    print(json.dumps(answer), flush=True)
