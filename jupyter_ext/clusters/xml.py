"""Hadoop's XML, read the way ``org.apache.hadoop.conf.Configuration`` reads it.

``final``, later file wins, ``${var}``, XInclude and renamed keys follow that class. Three things
differ on purpose, because a profile may come from anywhere: entities are refused, an include never
leaves its configuration directory, and the environment of this process is never read (a profile
could otherwise send it to a host of its choice).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from jupyter_ext.clusters.models import Problem

SITE_FILES = ("core-site.xml", "hdfs-site.xml", "yarn-site.xml")
"""What is read, in the order in which Hadoop's clients load them."""

MAX_FILE_BYTES = 5 * 2**20
"""No real site file comes near this; reading one must not stall the server."""

MAX_INCLUDES = 16
"""Depth of XInclude; only files that include each other get there."""

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
                properties = list(read_file(directory, name))
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
            if before is not None and before.final:
                if item.value is not None and item.value != before.value:
                    self.problems.append(
                        Problem(
                            severity="warning",
                            file=f"conf/{item.file}",
                            key=item.key,
                            message=f"Ignored: {before.file} declares it final.",
                        )
                    )
            elif item.value is not None or item.final:
                value = before.value if item.value is None and before is not None else item.value
                self.properties[key] = item._replace(value=value)

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


def read_file(directory: Path, name: str, including: tuple[Path, ...] = ()) -> Iterator[Property]:
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
    yield from _Reader(directory, name, (*including, path)).read(data)


class _Reader:
    """One file's expat handlers, a small state machine like ``Configuration.Parser``."""

    def __init__(self, directory: Path, name: str, including: tuple[Path, ...]) -> None:
        self.directory = directory
        self.name = name
        self.including = including
        self.properties: list[Property] = []
        self.depth = 0
        self.text: list[str] | None = None
        self.current: dict[str, str] = {}
        # The include element being read: None outside, else whether its file was found.
        self.included: bool | None = None
        self.fallback = False

    def read(self, data: bytes) -> list[Property]:
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.EntityDeclHandler = self.refuse_entity
        parser.SkippedEntityHandler = self.refuse_entity
        self.parser = parser
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise BadXml(self.name, f"Is malformed in line {error.lineno}: {reason}.") from None
        except (LookupError, ValueError) as error:  # an unknown encoding in the XML declaration
            raise BadXml(self.name, f"Cannot be decoded: {error}.") from None
        return self.properties

    def refuse_entity(self, name: str, *_: object) -> None:
        line = self.parser.CurrentLineNumber
        raise BadXml(self.name, f"Uses the XML entity {name} in line {line}; entities are refused.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition("}")[2]
        self.depth += 1
        if self.depth == 1 and local != "configuration":
            raise BadXml(self.name, f"Has the root element <{local}>; expected <configuration>.")
        if local == "property":
            self.current = {
                key: attributes[key] for key in ("name", "value", "final") if key in attributes
            }
        elif local in ("name", "value", "final"):
            self.text = []
        elif local == "include":
            self.included = self.include(attributes.get("href", ""))
        elif local == "fallback":
            self.fallback = True

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        local = tag.rpartition("}")[2]
        self.depth -= 1
        if local in ("name", "value", "final") and self.text is not None:
            if text := "".join(self.text):
                self.current[local] = text
            self.text = None
        elif local == "property":
            self.end_property()
        elif local == "include":
            if self.included is False:
                raise BadXml(self.name, f"Includes {self.href}, which does not exist.")
            self.included = None
        elif local == "fallback":
            self.fallback = False
            if self.included is False:
                self.included = True

    def end_property(self) -> None:
        key = self.current.get("name", "").strip()
        if key and not (self.fallback and self.included):
            final = self.current.get("final") == "true"
            value = self.current.get("value") or None
            self.properties.append(Property(key, value, final, self.name))

    def include(self, href: str) -> bool:
        """Read an included file; False if it does not exist."""
        self.href = href or "a file without a name"
        line = self.parser.CurrentLineNumber
        target = (self.directory / self.name).parent / href
        root = self.directory.resolve()
        if "://" in href or not target.resolve().is_relative_to(root):
            reason = "is refused: only files of the configuration directory can be included"
            raise BadXml(self.name, f"The include of {self.href} in line {line} {reason}.")
        if target in self.including or len(self.including) >= MAX_INCLUDES:
            raise BadXml(self.name, f"Includes itself through {self.href} in line {line}.")
        try:
            name = str(target.relative_to(self.directory))
            self.properties.extend(read_file(self.directory, name, self.including))
        except FileNotFoundError:
            return False
        return True
