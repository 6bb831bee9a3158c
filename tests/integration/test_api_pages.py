"""Pictures of pages and the ZIP, against a real gateway; and who may see the original of a task that redacts."""

import io
import struct
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of
from PIL import Image
from sale_papers import write_package

from docmill.errors import StageFailed
from docmill.services.api_keys import ORIGINALS, READ, WRITE, create_key
from docmill.services.fresh_home import open_home
from docmill.services.page_pictures import png_of
from docmill.services.running.room import Room
from docmill.services.samples.bulk import write_tiny
from docmill.settings import settings

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from invoice_generator import sale

UPLOAD = "/api/v1/upload/async/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("pages")
    with open_home(settings_of(home)) as room:
        keys = [create_key(room.ledger, room.tenant, "k", scopes)[0] for scopes in ([READ, WRITE], [READ, ORIGINALS])]
    with gateway_process(home, require_keys=True) as (client, _):
        yield client, home, [{"Authorization": f"Bearer {key}"} for key in keys]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1]))) as opened:
        yield opened
    settings.cache_clear()


def test_the_page_lists_the_documents_of_a_package_as_far_as_they_may_be_seen(gateway, room, tmp_path):
    client, _, (clerk, _) = gateway
    sales = sale(1), sale(2)
    data = write_package(tmp_path / "a.pdf", *sales).read_bytes()
    fields = {"index": "false", "redact": "true", "language": "en"}
    sent = client.post(UPLOAD, headers=clerk, files=multipart_file("two.pdf", data, "application/pdf"), data=fields).json()
    mill(room, sent["batch_id"])
    page = client.get(f"/tasks/{sent['task_id']}", headers=clerk).text
    assert "<h3>Documents in this file</h3>" in page
    for number, one in enumerate(sales, 1):
        assert f'<th scope="row"><a href="#page-{number}">{number}</a></th><td>invoice</td>' in page
        assert f"<td>{one.total:.2f} EUR</td>" in page
        assert one.account not in page
    assert page.count("<title>total</title>") == 2  # a box on the redacted copy of each page


@pytest.mark.parametrize("redact", [False, True])
def test_pictures_and_zip_show_what_the_key_may_see(gateway, room, tmp_path, redact):
    client, _, (clerk, owner) = gateway
    data = write_tiny(tmp_path, 1, kind="pdf")[0].read_bytes()
    fields = {"index": "false", "redact": str(redact).lower()}
    sent = client.post(UPLOAD, headers=clerk, files=multipart_file("a note.pdf", data, "application/pdf"), data=fields).json()
    mill(room, sent["batch_id"])
    base = f"/tasks/{sent['task_id']}"

    def status(path, who):
        return client.get(f"{base}/{path}", headers=who).status_code

    assert [status("original/1.png", who) for who in (clerk, owner, {})] == [403, 200, 401]
    assert status("redacted/1.png", clerk) == (200 if redact else 404)
    assert [status(f"original/{n}.png", owner) for n in (0, 2, 999999)] == [404, 404, 404]
    picture = Image.open(io.BytesIO(client.get(f"{base}/original/1.png", headers=owner).content))
    assert picture.format == "PNG"
    assert picture.width > 500
    page = client.get(base, headers=owner).text
    assert ("Page 1, redacted" in page) == redact
    assert "Page 1, original" in page
    assert "<rect class=" in page
    assert "Page 1, original" not in client.get(base, headers=clerk).text
    packed = zipfile.ZipFile(io.BytesIO(client.get(f"{base}/all.zip", headers=clerk).content))
    assert "results.json" in packed.namelist()
    assert not [name for name in packed.namelist() if name.startswith("original")]
    assert ("redacted.pdf" in packed.namelist()) == redact
    whole = client.get(f"{base}/all.zip", headers=owner)
    assert 'filename="a note.zip"' in whole.headers["content-disposition"] or "a%20note.zip" in whole.headers["content-disposition"]
    assert ("original.pdf" in zipfile.ZipFile(io.BytesIO(whole.content)).namelist()) == (not redact)


@pytest.mark.parametrize(("kind", "samples"), [(b"P5", 1), (b"P6", 3)])
def test_a_raw_picture_becomes_a_png_with_the_same_pixels(kind, samples):
    pixels = bytes(range(2 * 3 * samples))
    made = Image.open(io.BytesIO(png_of(kind + b"\n3 2\n255\n" + pixels)))
    assert (made.size, made.tobytes()) == ((3, 2), pixels)


@pytest.mark.parametrize("width", [3, 8, 9])
def test_a_raw_bilevel_picture_becomes_a_png_with_the_same_pixels(width):
    drawn = Image.new("1", (width, 2), 1)
    drawn.putpixel((width - 1, 0), 0)
    drawn.save(raw := io.BytesIO(), format="PPM")
    made = Image.open(io.BytesIO(png_of(raw.getvalue())))
    assert (made.mode, made.size, made.tobytes()) == ("1", drawn.size, drawn.tobytes())


@pytest.mark.parametrize(
    "pixels",
    [
        b"",
        b"P4\n3 2\n" + b"x" * 6,
        b"P4\n3 2\n255\nxx",
        b"P5\n3 2\n255\nxx",
        b"P6\n99999 99999\n255\n",
        b"P5\n0 0\n255\n",
        struct.pack("!I", 1),
    ],
)
def test_what_is_no_picture_is_refused(pixels):
    with pytest.raises(StageFailed):
        png_of(pixels)
