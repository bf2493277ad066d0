"""Hadoop's XML is read as Hadoop's own Configuration reads it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from jupyter_ext.clusters.xml import MAX_FILE_BYTES, Configuration
from tests.hadoop_xml import site

CORE = """<?xml version="1.0"?>
<!-- a comment -->
<configuration xmlns:xi="http://www.w3.org/2001/XInclude">
  <property><name>a</name><value>x</value></property>
  <property><name>twice</name><value>${a}/${a}</value></property>
  <property><name>self</name><value>${self}/y</value></property>
  <property><name>unknown</name><value>/tmp/${nobody.knows}</value></property>
  <property><name>nested</name><value>${${which}}</value></property>
  <property><name>which</name><value>a</value></property>
  <property><name>chain0</name><value>${chain1}-0</value></property>
  <property><name>chain1</name><value>${chain2}-1</value></property>
  <property><name>chain2</name><value>end</value></property>
  <property><name>not a variable</name><value>${with space} $a {a}</value></property>
  <property><name>empty</name><value></value></property>
  <property><name>emptied</name><value>kept</value></property>
  <property><name>emptied</name><value/></property>
  <property><name>final</name><value>1</value><final>true</final></property>
  <property><name>final</name><value>2</value></property>
  <property><name>almost-final</name><value>1</value><final> true </final></property>
  <property><name>almost-final</name><value>2</value></property>
  <property><name>closed</name><final>true</final></property>
  <property><name>closed</name><value>late</value></property>
  <property><name>duplicate</name><value>1</value></property>
  <property><name>duplicate</name><value>2</value></property>
  <property><name>fs.default.name</name><value>hdfs://old</value></property>
  <property name="attribute" value="v" final="true"/>
  <property name="attribute" value="w"/>
  <property><name> padded </name><value> v v </value></property>
  <property><value>no name</value></property>
  <configuration><property><name>inner</name><value>1</value></property></configuration>
  <property><name>cdata</name><value><![CDATA[<&>]]></value></property>
  <property><name>described</name><description>text</description><value>1</value></property>
  <xi:include href="more/extra.xml"/>
  <xi:include href="missing.xml">
    <xi:fallback><property><name>fallback</name><value>used</value></property></xi:fallback>
  </xi:include>
  <xi:include href="more/extra.xml">
    <xi:fallback><property><name>spare</name><value>unused</value></property></xi:fallback>
  </xi:include>
  <property><name>last</name><value>1</value></property>
</configuration>
"""
EXTRA = """<configuration xmlns:xi="http://www.w3.org/2001/XInclude">
  <property><name>duplicate</name><value>3</value></property>
  <property><name>included</name><value>in ${a}</value></property>
  <xi:include href="more/deeper.xml"/>
</configuration>
"""
DEEPER = "<configuration><property name='deeper' value='1'/></configuration>"
KEYS = [
    *("a", "twice", "self", "unknown", "nested", "which", "chain0", "empty", "emptied", "final"),
    *("almost-final", "closed", "duplicate", "fs.defaultFS", "attribute", "padded", "inner"),
    *("cdata", "described", "included", "deeper", "fallback", "spare", "last"),
]
JAVA = """
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
public class Ask {
  public static void main(String[] arguments) {
    Configuration configuration = new Configuration(false);
    configuration.addResource(new Path("file://" + arguments[0]));
    for (int i = 1; i < arguments.length; i++) {
      String value = configuration.get(arguments[i]);
      System.out.println(arguments[i] + "=" + (value == null ? "" : value.trim()));
    }
  }
}
"""


@pytest.fixture
def conf(tmp_path):
    """A directory with every feature of the format."""
    (tmp_path / "more").mkdir()
    (tmp_path / "core-site.xml").write_text(CORE)
    (tmp_path / "more/extra.xml").write_text(EXTRA)
    (tmp_path / "more/deeper.xml").write_text(DEEPER)
    return tmp_path


def only_problem(directory):
    (problem,) = Configuration.read(directory).problems
    return problem


def test_every_value_is_what_hadoop_itself_reads(conf, hadoop_classpath, tmp_path):
    source = tmp_path / "Ask.java"
    source.write_text(JAVA)
    java = [shutil.which("java"), "-cp", hadoop_classpath, str(source)]
    asked = subprocess.run(
        [*java, str(conf / "core-site.xml"), *KEYS], capture_output=True, text=True, check=True
    )
    theirs = dict(line.split("=", 1) for line in asked.stdout.splitlines())
    configuration = Configuration.read(conf)
    assert {key: configuration.get(key) for key in KEYS} == theirs
    assert theirs["fallback"] == "used"  # the comparison is about something


def test_a_later_file_wins_unless_the_key_is_final(tmp_path):
    site(tmp_path, "core", {"a": "core", "b": "core"})
    core = (tmp_path / "core-site.xml").read_text()
    (tmp_path / "core-site.xml").write_text(
        core.replace("<value>core</value>", "<value>core</value><final>true</final>", 1)
    )
    site(tmp_path, "hdfs", {"a": "hdfs", "b": "hdfs"})
    configuration = Configuration.read(tmp_path)
    assert (configuration.get("a"), configuration.get("b")) == ("core", "hdfs")
    (problem,) = configuration.problems
    assert (problem.severity, problem.file, problem.key) == ("warning", "conf/hdfs-site.xml", "a")
    assert "core-site.xml declares it final" in problem.message


@pytest.mark.parametrize("variable", ["${env.HOME}", "${env.NOPE:-here}", "${user.name}"])
def test_what_cannot_be_known_stays_visible_with_a_warning(tmp_path, variable):
    site(tmp_path, "core", {"asked": f"/a/{variable}/b", "unasked": variable})
    configuration = Configuration.read(tmp_path)
    assert configuration.get("asked") == f"/a/{variable}/b"
    assert configuration.get("asked") == f"/a/{variable}/b"
    (problem,) = configuration.problems  # once, and only for what was asked for
    assert (problem.severity, problem.key) == ("warning", "asked")
    assert f"{variable} is not known here" in problem.message


def test_variables_that_go_in_circles_end(tmp_path):
    site(tmp_path, "core", {"a": "${b}", "b": "${a}", "long": "${l0}", "self": "x${self}"})
    configuration = Configuration.read(tmp_path)
    assert configuration.get("a") == "${b}"
    assert "More than 20 variables deep" in configuration.problems[0].message
    assert configuration.get("self") == "x${self}"
    assert "refers to itself" in configuration.problems[1].message


def test_a_missing_include_without_fallback_is_an_error(tmp_path):
    (tmp_path / "core-site.xml").write_text(
        "<configuration xmlns:xi='http://www.w3.org/2001/XInclude'>"
        "<xi:include href='gone.xml'/></configuration>"
    )
    assert only_problem(tmp_path).message == "Includes gone.xml, which does not exist."


@pytest.mark.parametrize(
    "href", ["../secret.xml", "/etc/passwd", "http://example.com/x.xml", "file:///etc/passwd"]
)
def test_an_include_never_leaves_the_directory(tmp_path, href):
    (tmp_path / "secret.xml").write_text("<configuration/>")
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "core-site.xml").write_text(
        f"<configuration xmlns:xi='http://www.w3.org/2001/XInclude'>\n<xi:include href='{href}'>"
        "<xi:fallback/></xi:include></configuration>"
    )
    message = only_problem(conf).message
    assert f"include of {href} is refused" in message


def test_a_link_does_not_lead_an_include_out_either(tmp_path):
    (tmp_path / "secret.xml").write_text("<configuration/>")
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "link.xml").symlink_to(tmp_path / "secret.xml")
    (conf / "core-site.xml").write_text(
        "<configuration xmlns:xi='http://www.w3.org/2001/XInclude'>"
        "<xi:include href='link.xml'/></configuration>"
    )
    assert "only files of the configuration directory" in only_problem(conf).message


def test_files_that_include_each_other_are_an_error(tmp_path):
    include = (
        "<configuration xmlns:xi='http://www.w3.org/2001/XInclude'>"
        "<xi:include href='{}'/></configuration>"
    )
    (tmp_path / "core-site.xml").write_text(include.format("a.xml"))
    (tmp_path / "a.xml").write_text(include.format("x/../core-site.xml"))
    (tmp_path / "x").mkdir()
    assert "Includes more than 64 files, or itself" in only_problem(tmp_path).message


def test_files_that_double_each_other_end(tmp_path):
    twice = (
        "<configuration xmlns:xi='http://www.w3.org/2001/XInclude'>"
        "<xi:include href='{0}.xml'/><xi:include href='{0}.xml'/></configuration>"
    )
    (tmp_path / "core-site.xml").write_text(twice.format(0))
    for number in range(30):
        (tmp_path / f"{number}.xml").write_text(twice.format(number + 1))
    (tmp_path / "30.xml").write_text("<configuration/>")
    assert "Includes more than 64 files" in only_problem(tmp_path).message


BOMB = """<!DOCTYPE configuration [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<configuration><property><name>k</name><value>&b;</value></property></configuration>"""
EXTERNAL = """<!DOCTYPE configuration [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<configuration><property><name>k</name><value>&a;</value></property></configuration>"""
SKIPPED = """<!DOCTYPE configuration SYSTEM "http://example.com/x.dtd">
<configuration><property><name>k</name><value>&a;</value></property></configuration>"""


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, SKIPPED])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(tmp_path, text, encoding):
    (tmp_path / "core-site.xml").write_bytes(text.encode(encoding))
    problem = only_problem(tmp_path)
    assert problem.severity == "error"
    assert "document types and XML entities are refused" in problem.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Is empty; expected <configuration>."),
        (b" \n ", "Is empty; expected <configuration>."),
        (b"<configuration>\n<property>\n</configuration>", "malformed in line 3: mismatched tag"),
        (b"<configuration>", "malformed in line 1: no element found"),
        (b"<html><body/></html>", "Has the root element <html>; expected <configuration>."),
        (b"\x00\x01\x02", "malformed in line 1"),
        (b"<?xml version='1.0' encoding='klingon'?><configuration/>", "unknown encoding"),
        (b"<configuration>\n\xff</configuration>", "malformed in line 2"),
        (b"<configuration>" * 99999 + b"</configuration>" * 99999, "more than 50 elements deep"),
        (b"<a" * 10 + b" " * MAX_FILE_BYTES, "Is larger than 5 MB."),
    ],
)
def test_a_broken_file_is_named_with_what_was_expected(tmp_path, content, message):
    (tmp_path / "yarn-site.xml").write_bytes(content)
    site(tmp_path, "core", {"a": "1"})
    configuration = Configuration.read(tmp_path)
    (problem,) = configuration.problems
    assert (problem.severity, problem.file) == ("error", "conf/yarn-site.xml")
    assert message in problem.message
    assert configuration.get("a") == "1"  # the other files are read all the same


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "core-site.xml").mkdir()
    (tmp_path / "hdfs-site.xml").symlink_to(tmp_path / "gone.xml")
    core, hdfs = Configuration.read(tmp_path).problems
    assert core.message == "Cannot be read: Is a directory."
    assert hdfs.message == "Is a link to a file that does not exist."
