"""Hadoop's XML, read the way ``org.apache.hadoop.conf.Configuration`` reads it.

``final``, later file wins, ``${var}``, XInclude and renamed keys follow that class. Three things
differ on purpose, because a profile may come from anywhere: entities are refused, an include never
leaves its configuration directory, and the environment of this process is never read (a profile
could otherwise send it to a host of its choice).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from jupyter_ext.clusters.models import Problem

SITE_FILES = ("core-site.xml", "hdfs-site.xml", "yarn-site.xml")
"""What is read, in the order in which Hadoop's clients load them."""

MAX_FILE_BYTES = 5 * 2**20
"""No real site file comes near this; reading one must not stall the server."""

MAX_INCLUDES = 64
"""Files that one site file may bring in, nested ones counted each time: that ends a circle, and
files that double each other."""

MAX_DEPTH = 50
"""Of elements; Hadoop's own files have three."""

MAX_SUBSTITUTIONS = 20
"""``Configuration.MAX_SUBST``."""

RENAMED = {
    "fs.default.name": "fs.defaultFS",
    "dfs.federation.nameservices": "dfs.nameservices",
    "dfs.http.address": "dfs.namenode.http-address",
    "dfs.https.address": "dfs.namenode.https-address",
}
"""Deprecated keys that still occur, for what is read here (Hadoop's DeprecatedProperties page)."""


class Property(NamedTuple):
    """One ``<property>``, as written."""

    key: str
    value: str | None
    """None when the element is missing or empty: such a property sets nothing."""
    final: bool
    file: str


class BadXml(Exception):
    """A site file that Hadoop could not read either, or that is refused.

    Parameters
    ----------
    file
        Name of the file, relative to the configuration directory.
    message
        What is wrong with it, with the line where there is one.
    """

    def __init__(self, file: str, message: str) -> None:
        super().__init__(f"{file}: {message}")
        self.file = file
        self.message = message


@dataclass
class Configuration:
    """The properties of one configuration directory.

    Attributes
    ----------
    problems
        What could not be read, plus a warning for each value asked for by :meth:`get` that holds a
        variable nobody can know here.
    """

    directory: Path
    properties: dict[str, Property] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    """The site files that exist."""
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, directory: Path) -> Configuration:
        """Read the site files of a directory; never raises for what is wrong in one of them."""
        configuration = cls(directory)
        for name in SITE_FILES:
            try:
                properties = read_file(directory, name)
            except FileNotFoundError:
                continue
            except BadXml as error:
                configuration.problems.append(
                    Problem(severity="error", file=f"conf/{error.file}", message=error.message)
                )
            else:
                configuration._load(properties)
            configuration.files.append(name)
        return configuration

    def _load(self, properties: list[Property]) -> None:
        for item in properties:
            key = RENAMED.get(item.key, item.key)
            before = self.properties.get(key)
            if before is None:
                if item.value is not None or item.final:
                    self.properties[key] = item
            elif before.final:
                if item.value is not None and item.value != before.value:
                    self.problems.append(
                        Problem(
                            severity="warning",
                            file=f"conf/{item.file}",
                            key=item.key,
                            message=f"Ignored: {before.file} declares it final.",
                        )
                    )
            elif item.value is not None:
                self.properties[key] = item
            elif item.final:
                self.properties[key] = before._replace(final=True)

    def get(self, key: str, default: str = "") -> str:
        """Value of a key, variables substituted, without surrounding space.

        Variables that cannot be known stay visible in the value and are reported once.
        """
        item = self.properties.get(key)
        if item is None or item.value is None:
            return default
        value = item.value
        if "${" in value:
            value = self._substitute(item)
        return value.strip()

    def list(self, key: str) -> list[str]:
        """Comma-separated values of a key, empty ones left out."""
        return [part.strip() for part in self.get(key).split(",") if part.strip()]

    def file_of(self, key: str, default: str) -> str:
        """File that sets a key, relative to the profile, or ``default`` if none does."""
        item = self.properties.get(key)
        return f"conf/{default if item is None else item.file}"

    def _substitute(self, item: Property) -> str:
        """``Configuration.substituteVars``: innermost variable first, left to right."""
        original = value = item.value or ""
        start = 0
        for _ in range(MAX_SUBSTITUTIONS + 1):
            found = innermost_variable(value, start)
            if found is None:
                return value
            begin, end = found
            name = value[begin + 2 : end - 1]
            known = self.properties.get(RENAMED.get(name, name))
            if known is None or known.value is None:
                self._warn(item, f"${{{name}}} is not known here and stays as it is.")
                start = end
                continue
            if value[begin:end] in known.value:
                self._warn(item, f"${{{name}}} refers to itself and stays as it is.")
                return original
            value = value[:begin] + known.value + value[end:]
        self._warn(item, f"More than {MAX_SUBSTITUTIONS} variables deep: {original}.")
        return original

    def _warn(self, item: Property, message: str) -> None:
        problem = Problem(
            severity="warning", file=f"conf/{item.file}", key=item.key, message=message
        )
        if problem not in self.problems:
            self.problems.append(problem)


def innermost_variable(text: str, start: int) -> tuple[int, int] | None:
    """Find the first ``${name}`` from ``start`` on whose name holds no ``$``, ``{`` or space."""
    while (end := text.find("}", start)) >= 0:
        begin = text.rfind("${", start, end)
        if begin >= 0:
            name = text[begin + 2 : end]
            if name and not any(character in name for character in "${ "):
                return begin, end + 1
        start = end + 1
    return None


def read_file(directory: Path, name: str, included: list[str] | None = None) -> list[Property]:
    """Properties of a site file and of what it includes, in document order.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    BadXml
        If it is unreadable, malformed, not a Hadoop configuration, or refused.
    """
    path = directory / name
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise BadXml(name, "Is a link to a file that does not exist.") from None
        raise
    except OSError as error:
        raise BadXml(name, f"Cannot be read: {error.strerror}.") from None
    if len(data) > MAX_FILE_BYTES:
        raise BadXml(name, f"Is larger than {MAX_FILE_BYTES >> 20} MB.")
    if not data.strip():
        raise BadXml(name, "Is empty; expected <configuration>.")
    try:
        # The attacks that S314 warns of need entities, which need a document type.
        parser = ElementTree.XMLParser(target=_Builder())  # noqa: S314
        root = ElementTree.fromstring(data, parser)  # noqa: S314
    except ElementTree.ParseError as error:
        reason = expat.ErrorString(error.code)
        raise BadXml(name, f"Is malformed in line {error.position[0]}: {reason}.") from None
    except _Doctype:
        raise BadXml(name, "Has a DOCTYPE; document types and XML entities are refused.") from None
    except (LookupError, ValueError) as error:  # an unknown encoding in the XML declaration
        raise BadXml(name, f"Cannot be decoded: {error}.") from None
    if local_name(root) != "configuration":
        expected = "expected <configuration>"
        raise BadXml(name, f"Has the root element <{local_name(root)}>; {expected}.")
    return _Reader(directory, name, [] if included is None else included).walk(root)


class _Doctype(Exception):
    """A file has a document type, the one place where entities can be declared."""


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree in C, and stops at a document type whatever the encoding."""

    def doctype(self, *_: object) -> None:
        """Refuse."""
        raise _Doctype


def local_name(element: ElementTree.Element) -> str:
    """Give an element's name without its namespace, which Hadoop ignores as well."""
    return element.tag.rpartition("}")[2]


class _Reader:
    """Takes the properties out of one file, like ``Configuration.Parser``."""

    def __init__(self, directory: Path, name: str, included: list[str]) -> None:
        self.directory = directory
        self.name = name
        self.included = included

    def walk(self, parent: ElementTree.Element, depth: int = 0) -> list[Property]:
        """Give the properties below an element in document order."""
        if depth > MAX_DEPTH:
            raise BadXml(self.name, f"Is nested more than {MAX_DEPTH} elements deep.")
        properties = []
        for element in parent:
            if element.tag == "property":
                # Children win over attributes of the same name; one without a name is nothing.
                find, get = element.findtext, element.get
                value = find("value") or get("value") or None
                final = (find("final") or get("final")) == "true"
                if key := (find("name") or get("name") or "").strip():
                    properties.append(Property(key, value, final, self.name))
            elif local_name(element) == "include":
                properties.extend(self.include(element))
            else:
                properties.extend(self.walk(element, depth + 1))
        return properties

    def include(self, element: ElementTree.Element) -> list[Property]:
        """Read an included file; if it does not exist, the fallback that must then be there."""
        href = element.get("href", "")
        # Below the directory even if an included file names it: Hadoop keeps the outer file's name.
        target = os.path.realpath(self.directory / href)
        if "://" in href or not Path(target).is_relative_to(os.path.realpath(self.directory)):
            reason = "only files of the configuration directory can be included"
            raise BadXml(self.name, f"The include of {href} is refused: {reason}.")
        self.included.append(href)
        if len(self.included) > MAX_INCLUDES:
            raise BadXml(self.name, f"Includes more than {MAX_INCLUDES} files, or itself: {href}.")
        try:
            return read_file(self.directory, href, self.included)
        except FileNotFoundError:
            fallback = next((child for child in element if local_name(child) == "fallback"), None)
            if fallback is None:
                raise BadXml(self.name, f"Includes {href}, which does not exist.") from None
            return self.walk(fallback)
