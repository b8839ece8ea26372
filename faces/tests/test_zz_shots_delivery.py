"""Screenshots, driven by the test machinery."""
import io, os, sys
from pathlib import Path
import pytest
from PIL import Image
from faces.tests.browsing import browsing, MARKS, CHROMIUM
from faces.tests.painting import processed, process
from faces.services.uploads import event_create, batch_create, photos_upload
from faces.models import Event, Photo
pytestmark = MARKS
SHOTS = Path("/tmp/i4/delivery/shots"); SHOTS.mkdir(exist_ok=True)

def shot(page, name, full=True):
    page.wait_for_timeout(300)
    page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=full)

def test_shots(live_server, tmp_path, monkeypatch, settings):
    settings.TELEGRAM_BOT_NAME = os.environ.get("BOT", "photofinder_bot")
    event = event_create(name="Городской фестиваль света", date=__import__("datetime").date(2026, 6, 12), published=True, access="code", released_only=True, watermark_text="© Фестиваль света", retention_days=30)
    im = Image.open("/work/main/.venv/lib/python3.11/site-packages/insightface/data/images/t1.jpg").convert("RGB")
    files = []
    for i in range(4):
        b = io.BytesIO(); im.crop((i*60, 0, 1280-(3-i)*60, 886)).save(b, "JPEG"); b.seek(0); files.append((f"DSC_{i:04}.jpg", b))
    accepted, _ = photos_upload(batch=batch_create(event=event, by=None), files=files)
    process([f.photo for f in accepted])
    from faces.services.releases import photos_release
    photos_release(photo_ids=[accepted[0].photo.pk], released=True)
    Event.objects.filter(pk=event.pk).update(cover=accepted[1].photo)
    base = live_server.url + "/admin/faces/event/%d/" % event.pk
    which = os.environ.get("SHOT", "")
    for role in ("organiser", "moderator"):
        with browsing(role, url=live_server.url, profile=tmp_path / role, monkeypatch=monkeypatch) as page:
            for lang, theme, width in (("en","light",1440),("ru","dark",1440),("ru","light",390),("en","dark",390)):
                if role == "moderator" and (lang,theme,width) != ("en","light",1440): continue
                page.set_viewport_size({"width": width, "height": 900})
                page.context.add_cookies([{"name": "django_language", "value": lang, "url": live_server.url}])
                page.goto(live_server.url + "/admin/")
                page.evaluate('t => { localStorage.setItem("adminTheme", JSON.stringify(t)); localStorage.setItem("_x_adminTheme", JSON.stringify(t)); }', theme)
                for name, path in (("overview", ""), ("settings", "settings/"), ("poster", "poster/")):
                    page.goto(base + path)
                    page.wait_for_load_state("networkidle")
                    shot(page, f"{role}-{name}-{lang}-{theme}-{width}")
                page.goto(live_server.url + f"/admin/faces/photo/?event__id__exact={event.pk}")
                shot(page, f"{role}-photos-{lang}-{theme}-{width}")
                page.goto(live_server.url + f"/admin/faces/photo/{accepted[2].photo.pk}/change/")
                shot(page, f"{role}-photo-{lang}-{theme}-{width}")
            if role == "organiser":
                for size in ("a4", "a6"):
                    for lang in ("ru", "en", "both"):
                        page.goto(base + f"poster/print/?size={size}&language={lang}")
                        page.wait_for_load_state("networkidle")
                        page.pdf(path=str(SHOTS / f"poster-{size}-{lang}.pdf"), prefer_css_page_size=True, print_background=True)
                settings.TELEGRAM_BOT_NAME = ""
                Event.objects.update(access="public", cover=None, name="Gala")
                Photo.objects.update(is_released=False)
                page.goto(base + "poster/print/?size=a4&language=en")
                page.wait_for_load_state("networkidle")
                page.pdf(path=str(SHOTS / "poster-plain.pdf"), prefer_css_page_size=True, print_background=True)
                settings.TELEGRAM_BOT_NAME = "photofinder_bot"
                Event.objects.update(access="code", cover=accepted[1].photo.pk, name="Городской фестиваль света")
                Photo.objects.filter(pk=accepted[0].photo.pk).update(is_released=True)
