"""IP and MAC addresses."""

import ipaddress
import re

from docmill.stages.privacy.patterns.pattern import Pattern


def is_ip(value: str) -> bool:
    """Whether this is an address; `::` is no one's."""
    try:
        return not ipaddress.ip_address(value).is_unspecified
    except ValueError:
        return False


IPV4 = Pattern(
    "ipv4",
    "IP_ADDRESS",
    re.compile(
        r"""
        (?<![\w.-])
        (?<!(?i:version)\s)(?<!(?i:release)\s)(?<!(?i:build)\s)(?<!(?i:firmware)\s)(?<!(?i:section)\s)(?<!(?i:clause)\s)  # 10.2.0.1 of a program
        (?:\d{1,3}\.){3}\d{1,3}           # four octets; ipaddress checks their range and leading zeros
        (?![\w-]|\.\d)                    # a fifth group makes it something else
        """,
        re.VERBOSE,
    ),
    0.9,
    accept=is_ip,
)

IPV6 = Pattern(
    "ipv6",
    "IP_ADDRESS",
    re.compile(
        r"""
        (?<![\w:.])
        (?=[0-9a-f:]*[0-9a-f])                    # at least one digit: `::` alone is C++
        (?:[0-9a-f]{0,4}:){2,7}                   # groups; ipaddress counts them
        (?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?  # last group, or an IPv4 tail
        (?![\w:])
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.9,
    accept=is_ip,
)

MAC = Pattern(
    "mac",
    "MAC_ADDRESS",
    re.compile(
        r"""
        (?<![\w:.-])
        (?: [0-9a-f]{2}(?P<sep>[:-])(?:[0-9a-f]{2}(?P=sep)){4}[0-9a-f]{2}   # six octets, one separator throughout
          | (?:[0-9a-f]{4}\.){2}[0-9a-f]{4}                                 # three groups of four, dotted
        )
        (?![\w:-])
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.95,
    accept=lambda value: len({*value} - {*":-."}) > 1,  # 00:00:00:00:00:00 is nobody
)

NETWORK_PATTERNS = (IPV4, IPV6, MAC)
