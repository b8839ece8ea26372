"""How Admin looks: part of the settings, which read it."""

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

UNFOLD = {
    "SITE_TITLE": "PhotoFinder",
    "SITE_HEADER": "PhotoFinder",
    "SITE_SUBHEADER": _("Everyone finds their photos"),
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("photofinder/favicon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("photofinder/favicon.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [lambda request: static("photofinder/admin.css")],
    "DASHBOARD_CALLBACK": "faces.admin.dashboard.dashboard",
    "SIDEBAR": {"navigation": "photofinder.navigation.sidebar"},
    "COLORS": {
        "primary": {  # indigo: apart from the green, orange and red that states are shown in
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(58.5% .233 277.117)",
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        }
    },
}
