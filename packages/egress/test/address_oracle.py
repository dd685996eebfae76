"""What Python's ipaddress module, which follows the IANA registries, says of addresses: one a line, answered yes where it is public,
perhaps where an edition of the registry says so and few use it (relays, anycast, a cloud's platform), else no."""

import ipaddress
import sys

NAT64 = ipaddress.ip_network("64:ff9b::/96")
ODD = ["192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "3fff::/20"]
ODD = [ipaddress.ip_network(network) for network in ODD]


def judge(address):
    if address.version == 6:
        if address.scope_id or address.sixtofour or address.teredo or address.is_site_local:
            return "no"
        if address in NAT64:
            return judge(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped:
            return judge(address.ipv4_mapped)
    if not address.is_global or address.is_multicast or address.is_reserved:
        return "no"
    return "perhaps" if any(address in network for network in ODD) else "yes"


for line in sys.stdin:
    print(judge(ipaddress.ip_address(line.strip())))
