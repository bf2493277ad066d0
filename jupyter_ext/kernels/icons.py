"""Icons of kernelspecs: the language's own sign, with the cluster's colour and the backend's."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_ext.clusters.models import Color, Language
from jupyter_ext.kernels.models import Backend

COLORS: Mapping[Color, str] = {
    "blue": "#1976d2",
    "green": "#388e3c",
    "orange": "#ef6c00",
    "red": "#d32f2f",
    "cyan": "#0097a7",
    "grey": "#616161",
}

_LANGUAGES: Mapping[Language, str] = {
    "python": (
        '<path fill="#3776ab" d="M30 5c-9 0-12 4-12 9v5h13v2H12c-6 0-9 5-9 12s3 12 9 12h5v-7'
        "c0-5 4-8 9-8h12c4 0 7-3 7-7v-9c0-6-6-9-15-9z"
        'm-6 5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"/>'
        '<path fill="#ffd43b" d="M47 21v6c0 5-4 9-9 9H26c-4 0-7 3-7 7v9c0 5 6 8 13 8 8 0 13-3 13-8'
        "v-5H32v-2h19c6 0 9-5 9-12s-3-12-9-12z"
        'M39 49a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z"/>'
    ),
    "r": (
        '<ellipse cx="31" cy="28" rx="28" ry="20" fill="none" stroke="#a7a9b0" stroke-width="7"/>'
        '<path fill="#2266b8" d="M22 16h19c7 0 11 4 11 10 0 5-3 8-7 9 2 1 3 2 4 4l7 15H45l-6-13'
        'c-1-2-2-3-4-3h-3v16H22zm10 8v7h7c3 0 4-1 4-3.500S42 24 39 24z"/>'
    ),
    "bash": (
        '<rect x="4" y="6" width="52" height="46" rx="7" fill="#2b3137"/>'
        '<path d="M13 19l10 9-10 9M28 40h16" fill="none" stroke="#4eaa25" stroke-width="5" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    ),
}

_BACKENDS: Mapping[Backend, str] = {
    # An anchor that holds the kernel; a stack of containers; machines side by side.
    "local": '<circle cx="44" cy="41" r="2" stroke-width="2"/>'
    '<path d="M44 43v13M40 46.500h8M37 50a7 6 0 0 0 14 0" stroke-width="2.5"/>',
    "docker": '<path d="M36 52h16v5h-16zM36 45h7v5h-7zM45 45h7v5h-7z" stroke-width="1.8"/>',
    "yarn": '<path d="M44 39v6M44 45l-6 5M44 45l6 5" stroke-width="2.2"/>'
    '<path d="M34.5 50h7v6h-7zM46.5 50h7v6h-7z" stroke-width="1.8"/>',
}


def draw(language: Language, backend: Backend, color: Color) -> str:
    """Draw an icon of 64 by 64 units as SVG."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">\n'
        f"{_LANGUAGES[language]}\n"
        f'<circle cx="44" cy="48" r="15.5" fill="{COLORS[color]}" stroke="#ffffff" '
        'stroke-width="2"/>\n'
        '<g fill="none" stroke="#ffffff" stroke-linecap="round" stroke-linejoin="round">'
        f"{_BACKENDS[backend]}</g>\n"
        "</svg>\n"
    )
