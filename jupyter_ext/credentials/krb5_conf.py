"""The krb5.conf that a login and a kernel get: the cluster's own, with what makes it safe.

The format is described in MIT Kerberos' krb5.conf(5); Java reads the same file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_ext.clusters.models import Profile
from jupyter_ext.errors import Misconfigured

LIFETIME = "1h"
RENEWABLE = "12h"
"""A ticket cannot be revoked, so it is short by default, and put off while its owner works."""

_LIBDEFAULTS = re.compile(r"^\s*\[libdefaults\]\s*$", re.MULTILINE)

LOGIN: Mapping[str, str] = {
    # Else libkrb5 hides that the clocks differ, and Java fails later in words nobody understands.
    "kdc_timesync": "0",
    # Since krb5 1.22 nothing else limits a KDC that accepts the connection and says no word.
    "request_timeout": "5s",
    # Not a FILE: nothing but the file that is named on the command line may be used.
    "default_ccache_name": "MEMORY:",
}
KERNEL: Mapping[str, str] = {
    # Java waits 30 s three times for each KDC unless told otherwise.
    "kdc_timeout": "3000",
    "max_retries": "1",
}
SAFE: Mapping[str, str] = {
    "dns_canonicalize_hostname": "false",
    "rdns": "false",
    "ticket_lifetime": LIFETIME,
    "renew_lifetime": RENEWABLE,
    "forwardable": "true",
}
"""Only where the cluster's own file does not say: its administrator knows better."""


def text(profile: Profile) -> str:
    """Give the cluster's own krb5.conf, or one made of what cluster.toml says.

    Raises
    ------
    Misconfigured
        If the profile has neither a krb5.conf nor a realm with its KDCs.
    """
    if profile.krb5_conf:
        try:
            return Path(profile.krb5_conf).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise Misconfigured(
                f"{profile.krb5_conf} cannot be read: {error.strerror}.", cluster=profile.name
            ) from None
    if not profile.realm:
        raise Misconfigured(
            f"The profile of {profile.title} does not say which Kerberos realm it is of.",
            hint="Put its krb5.conf beside cluster.toml, or set kerberos.realm and kerberos.kdc.",
            cluster=profile.name,
        )
    kdcs = "".join(f"    kdc = {kdc}\n" for kdc in profile.config.kerberos.kdc)
    return (
        f"[libdefaults]\n  default_realm = {profile.realm}\n"
        f"  dns_lookup_kdc = {'false' if kdcs else 'true'}\n"
        f"[realms]\n  {profile.realm} = {{\n{kdcs}  }}\n"
    )


def for_login(profile: Profile, kdcs: Sequence[str] = ()) -> str:
    """Make the configuration with which tickets are got.

    Parameters
    ----------
    kdcs
        host:port of the realm's KDCs, the one to ask first in front; what the file says if empty.
    """
    made = _with_lifetimes(profile, amend(text(profile), LOGIN, SAFE))
    return _with_kdcs(made, profile.realm or "", kdcs) if kdcs else made


def for_kernel(profile: Profile) -> str:
    """Make the configuration that a kernel's programs get, Java's among them."""
    return _with_lifetimes(profile, amend(text(profile), KERNEL, SAFE))


def _with_lifetimes(profile: Profile, conf: str) -> str:
    kerberos = profile.config.kerberos
    said = {"ticket_lifetime": kerberos.ticket_lifetime, "renew_lifetime": kerberos.renew_lifetime}
    return amend(conf, {key: value for key, value in said.items() if value}, {})


def amend(conf: str, forced: Mapping[str, str], missing: Mapping[str, str]) -> str:
    """Set keys of ``[libdefaults]``: the forced ones whatever it says, the others if it doesn't."""
    for key in forced:
        conf = re.sub(rf"^[ \t]*{key}[ \t]*=.*\n?", "", conf, flags=re.MULTILINE)
    wanted = dict(forced)
    wanted.update(
        (key, value)
        for key, value in missing.items()
        if not re.search(rf"^\s*{key}\s*=", conf, re.MULTILINE)
    )
    lines = "".join(f"\n  {key} = {value}" for key, value in wanted.items())
    if not lines:
        return conf
    if _LIBDEFAULTS.search(conf):
        return _LIBDEFAULTS.sub(lambda found: found[0].rstrip() + lines, conf, count=1)
    return f"[libdefaults]{lines}\n{conf}"


def _with_kdcs(conf: str, realm: str, kdcs: Sequence[str]) -> str:
    """Put KDCs in front of a realm's own, or give it a section that names them."""
    lines = "".join(f"\n    kdc = {kdc}" for kdc in kdcs)
    section = re.compile(rf"^\s*{re.escape(realm)}\s*=\s*\{{", re.MULTILINE)
    if section.search(conf):
        return section.sub(lambda found: found[0] + lines, conf, count=1)
    return f"{conf}\n[realms]\n  {realm} = {{{lines}\n  }}\n"
