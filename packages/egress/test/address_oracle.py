"""What Python's ipaddress module, which follows the IANA registries, says of addresses: one a line, answered true where public."""

import ipaddress
import sys

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def public(address):
    if address.version == 6:
        if address.scope_id or address.sixtofour or address.teredo or address.is_site_local:
            return False
        if address in NAT64:
            return public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped:
            return public(address.ipv4_mapped)
    return address.is_global and not address.is_multicast and not address.is_reserved


for line in sys.stdin:
    print("true" if public(ipaddress.ip_address(line.strip())) else "false", flush=True)
