#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shop of programs shows: the metainfo and its screenshots."""

import colorsys
import datetime
import re
import struct
import xml.etree.ElementTree as ElementTree

import tree
import tap  # noqa: E402

NO_PROGRAM = {"app", "application", "client", "program", "tool"}


def wrong_summary(summary, name):
    words = re.findall(r"[^\W_]+", summary)
    if not 10 <= len(summary) <= 35:
        yield "summary: not of 10 to 35 letters"
    if summary.endswith("."):
        yield "summary: ends as a sentence"
    if words[0].lower() in ("a", "an", "the") or not summary[0].isupper():
        yield "summary: its first word"
    if any(word.istitle() for word in words[1:]):
        yield "summary: not as in a sentence"
    if {word.lower() for word in words} & {name.lower(), *NO_PROGRAM}:
        yield "summary: says that it is a program"


def wrong_description(description):
    parts = [part for part in description.iter() if part.tag in ("p", "li")]
    if not 2 <= len(parts) <= 6 or not 150 <= sum(len(part.text) for part in parts) <= 1000:
        yield "description: not of 3 to 6 lines"


def size_of(png):
    return tuple(str(number) for number in struct.unpack(">II", png.read_bytes()[16:24]))


def wrong_screenshots(screenshots, project):
    if not 3 <= len(screenshots) <= 6:
        yield "screenshots: not 3 to 6"
    if [shot.get("type") for shot in screenshots] != ["default", *[None] * (len(screenshots) - 1)]:
        yield "screenshots: the first is not the default"
    for shot in screenshots:
        caption = shot.findtext("caption", "")
        if not caption or caption.endswith("."):
            yield "screenshots: a caption"
        for image in shot.findall("image"):
            folder, name = image.text.rsplit("/", 1)
            path = project.screenshots / name
            if not folder.startswith("https://") or not name.endswith(".png") or not path.is_file():
                yield f"screenshots: no picture {image.text}"
            elif size_of(path) != (image.get("width"), image.get("height")):
                yield f"screenshots: the size of {name}"
        if not shot.findall("image"):
            yield "screenshots: one without a picture"


def wrong_releases(releases, version):
    if not releases or releases[0].get("version") != version:
        yield "releases: the newest is not meson.build's"
    days = []
    for release in releases:
        text = "".join(release.find("description").itertext()) if release.find("description") is not None else ""
        if len(text.split()) < 5:
            yield f"releases: {release.get('version')} says too little"
        try:
            days.append(datetime.date.fromisoformat(release.get("date", "")))
        except ValueError:
            yield f"releases: the day of {release.get('version')}"
    if days != sorted(set(days), reverse=True):
        yield "releases: the newest does not come first"


def hls_of(color):
    return colorsys.rgb_to_hls(*(byte / 255 for byte in bytes.fromhex(color[1:])))


def wrong_branding(colors):
    kinds = {color.get("scheme_preference"): color.text.strip() for color in colors if color.get("type") == "primary"}
    if set(kinds) != {"light", "dark"} or not all(re.fullmatch("#[0-9a-f]{6}", color) for color in kinds.values()):
        yield "branding: not one colour in the light and one in the dark"
        return
    (_, light, saturation), (_, dark, other_saturation) = (hls_of(kinds[kind]) for kind in ("light", "dark"))
    if light < 0.6 or dark > 0.4:
        yield "branding: the light one is not light, or the dark one not dark"
    if min(saturation, other_saturation) < 0.2:
        yield "branding: no colour"


def wrong_metainfo(root):
    project = tree.Project(root)
    component = ElementTree.parse(project.metainfo).getroot()
    name = component.findtext("name", "")
    for tag, value in (
        ("id", project.app_id), ("launchable", f"{project.app_id}.desktop"), ("metadata_license", "CC0-1.0"),
        ("project_license", project.licence), ("provides/binary", project.program),
        ("requires/display_length[@compare='ge']", "360"), ("url[@type='homepage']", project.address),
        ("url[@type='vcs-browser']", project.address), ("url[@type='bugtracker']", f"{project.address}/issues"),
    ):
        if [element.text for element in component.findall(tag)] != [value]:
            yield f"{tag}: not {value}"
    if (component.tag, component.get("type")) != ("component", "desktop-application"):
        yield "not of a desktop application"
    if not 1 <= len(name) <= 20:
        yield "name: not of at most 20 letters"
    developer = component.find("developer")
    if developer is None or not developer.findtext("name"):
        yield "developer: nobody"
    elif component.findtext("developer_name") != developer.findtext("name"):
        yield "developer: nobody for AppStream before 1.0"
    elif not project.app_id.startswith(developer.get("id", "") + "."):
        yield "developer: not of the id"
    if [rating.get("type") for rating in component.findall("content_rating")] != ["oars-1.1"]:
        yield "content_rating: none"
    for kind in ("translate", "contribute"):
        if not component.findtext(f"url[@type='{kind}']", "").startswith("https://"):
            yield f"url: no {kind}"
    yield from wrong_summary(component.findtext("summary"), name)
    yield from wrong_description(component.find("description"))
    yield from wrong_screenshots(component.findall("screenshots/screenshot"), project)
    yield from wrong_releases(component.findall("releases/release"), project.version)
    yield from wrong_branding(component.findall("branding/color"))


def invalid_metainfo(root):
    """What is worse than a hint."""
    lines = tree.lines_of("appstreamcli", "validate", "--no-net", "--no-color", str(tree.Project(root).metainfo))
    return [line for line in lines if re.match(r"[EW]:|status", line)]


def test_the_metainfo_is_good():
    tree.expect(wrong_metainfo(tree.ROOT))


def test_the_metainfo_is_valid():
    tree.expect(invalid_metainfo(tree.ROOT))


ID = "io.github.ann.Pears"
METAINFO = f"resources/{ID}.metainfo.xml"
ADDRESS = "https://github.com/ann/Pears"
PICTURE = "resources/screenshots/window.png"
LAST_SCREENSHOT = """<screenshot>
      <caption>A pear beside an orange</caption>
      <image width="1400" height="1100">https://oranges.example/window.png</image>
    </screenshot>
"""
IMAGE = '<image width="1400" height="1100">https://ann.example/window.png</image>'
FILES = {
    "meson.build": f"project('pears', 'c',\n  version: '0.9',\n  license: 'MIT',\n)\napp_id = '{ID}'\n",
    PICTURE: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1400, 1100),
    METAINFO: f"""<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>{ID}</id>
  <name>Pears</name>
  <summary>See what fruit from GNU costs</summary>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>MIT</project_license>
  <developer id="io.github.ann"><name>Ann</name></developer>
  <developer_name>Ann</developer_name>
  <description>
    <p>Weigh pears, and see what each costs here, what it costs in the next street, and what it cost a year ago.</p>
    <p>What was weighed is kept, and can be weighed again.</p>
  </description>
  <launchable type="desktop-id">{ID}.desktop</launchable>
  <screenshots>
    <screenshot type="default">
      <caption>Three pears on a scale</caption>
      {IMAGE}
    </screenshot>
    <screenshot>
      <caption>A pear beside an apple</caption>
      <image width="1400" height="1100">https://pears.example/window.png</image>
    </screenshot>
    {LAST_SCREENSHOT}
  </screenshots>
  <branding>
    <color type="primary" scheme_preference="light">#c9b6f2</color>
    <color type="primary" scheme_preference="dark">#3d2b73</color>
  </branding>
  <url type="homepage">{ADDRESS}</url>
  <url type="bugtracker">{ADDRESS}/issues</url>
  <url type="vcs-browser">{ADDRESS}</url>
  <url type="translate">https://ann.example/translate</url>
  <url type="contribute">https://ann.example/contribute</url>
  <provides><binary>pears</binary></provides>
  <requires><display_length compare="ge">360</display_length></requires>
  <content_rating type="oars-1.1"/>
  <releases>
    <release version="0.9" date="2026-02-01">
      <description><p>Weighs two pears at a time</p></description>
    </release>
    <release version="0.8" date="2026-01-31">
      <description><p>Weighs an apple beside each pear</p></description>
    </release>
  </releases>
</component>
""",
}


def test_each_fault_of_a_metainfo_is_found():
    tree.expect_found(wrong_metainfo, FILES, [(METAINFO, *fault) for fault in (
        (f"<id>{ID}", "<id>org.ann.Pears", f"id: not {ID}"),
        ("desktop-application", "desktop", "not of a desktop application"),
        (f"{ID}.desktop", "pears.desktop", f"launchable: not {ID}.desktop"),
        ("CC0-1.0", "MIT", "metadata_license: not CC0-1.0"),
        ("<project_license>MIT", "<project_license>GPL-2.0", "project_license: not MIT"),
        ("<binary>pears", "<binary>apples", "provides/binary: not pears"),
        ('compare="ge">360', 'compare="ge">800', "requires/display_length[@compare='ge']: not 360"),
        ('"homepage">https', '"homepage">http', f"url[@type='homepage']: not {ADDRESS}"),
        ('"bugtracker">https', '"bugtracker">http', f"url[@type='bugtracker']: not {ADDRESS}/issues"),
        ('"vcs-browser">https:', '"vcs-browser">git:', f"url[@type='vcs-browser']: not {ADDRESS}"),
        ('"translate"', '"help"', "url: no translate"),
        ('"contribute">https', '"contribute">http', "url: no contribute"),
        ("<name>Pears", "<name>Pears and Other Fruit at Once", "name: not of at most 20 letters"),
        ("<name>Pears</name>", "", "name: not of at most 20 letters"),
        ('id="io.github.ann"', "", "developer: not of the id"),
        ('id="io.github.ann"', 'id="io.github.an"', "developer: not of the id"),
        ("<name>Ann</name>", "", "developer: nobody"),
        ("<developer_name>Ann</developer_name>", "", "developer: nobody for AppStream before 1.0"),
        ('<content_rating type="oars-1.1"/>', "", "content_rating: none"),
        ("See what fruit from GNU costs", "See fruit", "summary: not of 10 to 35 letters"),
        ("from GNU costs", "from GNU costs in each street", "summary: not of 10 to 35 letters"),
        ("GNU costs", "GNU costs.", "summary: ends as a sentence"),
        ("See what fruit", "The cost of fruit", "summary: its first word"),
        ("See what fruit", "see what fruit", "summary: its first word"),
        ("See what fruit", "See What fruit", "summary: not as in a sentence"),
        ("See what fruit", "See in this app what", "summary: says that it is a program"),
        ("See what fruit", "See what pears", "summary: says that it is a program"),
        ("<p>What was weighed is kept, and can be weighed again.</p>", "", "description: not of 3 to 6 lines"),
        ("what each costs here, what it costs in the next street, and what it cost a year ago", "weigh",
         "description: not of 3 to 6 lines"),
        ("</p>\n    <p>What was", "</p><ul><li>1</li><li>2</li><li>3</li><li>4</li><li>5</li></ul><p>What was",
         "description: not of 3 to 6 lines"),
        ('<screenshot type="default">', "<screenshot>", "screenshots: the first is not the default"),
        (LAST_SCREENSHOT, "", "screenshots: not 3 to 6"),
        (LAST_SCREENSHOT, LAST_SCREENSHOT.replace("<screenshot>", '<screenshot type="default">'),
         "screenshots: the first is not the default"),
        ("<caption>Three pears on a scale</caption>", "", "screenshots: a caption"),
        ("on a scale", "on a scale.", "screenshots: a caption"),
        ("https://ann.example/window.png", "https://ann.example/other.png",
         "screenshots: no picture https://ann.example/other.png"),
        ("https://ann.example/window.png", "http://ann.example/window.png",
         "screenshots: no picture http://ann.example/window.png"),
        ("https://ann.example/window.png", "https://ann.example/window.svg",
         "screenshots: no picture https://ann.example/window.svg"),
        ('1100">https://ann', '550">https://ann', "screenshots: the size of window.png"),
        (IMAGE, "", "screenshots: one without a picture"),
        ('version="0.9"', 'version="0.9.1"', "releases: the newest is not meson.build's"),
        ('"2026-02-01"', '"2026-02-31"', "releases: the day of 0.9"),
        (' date="2026-02-01"', "", "releases: the day of 0.9"),
        ("2026-02-01", "2026-01-30", "releases: the newest does not come first"),
        ("Weighs two pears at a time", "Bug fixes", "releases: 0.9 says too little"),
        ("<description><p>Weighs two pears at a time</p></description>", "", "releases: 0.9 says too little"),
        ('"dark"', '"light"', "branding: not one colour in the light and one in the dark"),
        ("#3d2b73", "navy", "branding: not one colour in the light and one in the dark"),
        ("#3d2b73", "#c9b6f2", "branding: the light one is not light, or the dark one not dark"),
        ("#c9b6f2", "#cccccc", "branding: no colour"),
    )] + [
        ("meson.build", "'0.9'", "'1.0'", "releases: the newest is not meson.build's"),
        (PICTURE, struct.pack(">I", 1400), struct.pack(">I", 700), "screenshots: the size of window.png"),
    ])


@tree.seeded({**FILES, METAINFO: FILES[METAINFO].replace("CC0-1.0", "Proprietary")})
def test_an_invalid_metainfo_is_found(root):
    assert any("metadata-license" in line for line in invalid_metainfo(root))


@tree.seeded({**FILES, METAINFO: "<component>"})
def test_what_is_no_metainfo_is_found(root):
    assert any(line.startswith("status") for line in invalid_metainfo(root))


tap.run(globals())
