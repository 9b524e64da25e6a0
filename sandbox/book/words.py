"""The words that the book's invented names are made of. No list names an existing company."""

from __future__ import annotations

from sandbox.book.nouns import Place


def _listed(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(separator))


PLACES = (
    Place(code="US", name="United States", currency="USD", subsidiary="Acme Inc"),
    Place(code="DE", name="Germany", currency="EUR", subsidiary="Acme GmbH"),
    Place(code="GB", name="United Kingdom", currency="GBP", subsidiary="Acme Ltd"),
    Place(code="JP", name="Japan", currency="JPY", subsidiary="Acme KK"),
)
PLACE_WEIGHTS = (50, 20, 18, 12)

HEADS = {
    "EN": _listed(
        "Alder Amber Birch Brier Cinder Clover Copper Crest Dapple Ember Fallow Fern Flint Garnet Hazel "
        "Hollow Indigo Juniper Kestrel Lantern Larch Linden Marble Meadow Nettle Onyx Pebble Quarry Raven Rowan "
        "Saffron Sorrel Sparrow Tallow Thistle Umber Velvet Wicker Yarrow Zephyr"
    ),
    "DE": _listed(
        "Ahorn Birken Buchen Distel Eichen Erlen Falken Grün Habicht Hasel Hoch Kiefern Lerchen Linden "
        "Möwen Nebel Raben Silber Tannen Ulmen Weiden Wiesen"
    ),
    "JP": _listed(
        "Aka Chika Fuku Haru Hoshi Ishi Kasa Kita Kuro Matsu Mina Naga Nishi Oka Saku Taka Tsuki Ume Yama Yuki"
    ),
}
TAILS = {
    "EN": _listed(
        "bank bluff brook burn by combe cote court cross dale fell field ford gate glen grove haven holm hurst "
        "ledge lock mere mont moor point ridge rock shore stead stone thorpe vale wharf wick wood worth"
    ),
    "DE": _listed(
        "au bach berg brück burg dorf eck feld furt hain hausen hof kamp leite ried see stein tal wald weiler"
    ),
    "JP": _listed("bashi gawa hama hara jima kawa kura machi mori mura naka no saki sawa shiro ta tani uchi yama zaki"),
}
TRADES = {
    "EN": _listed(
        "Analytics Aviation Bakeries Biologics Brewing Ceramics Cinemas Clinics Dairies Dental Diagnostics "
        "Dynamics Engineering Farms Foods Freight Furniture Gardens Glassworks Hotels Imaging Instruments Insurance "
        "Irrigation Kitchens Laboratories Learning Lighting Logistics Marine Media Mining Networks Nurseries Optics "
        "Outfitters Packaging Paper Pharmacies Plastics Printing Publishing Railways Refrigeration Robotics Sailing "
        "Security Shipping Software Solar Sports Studios Textiles Timber Toys Travel Turbines Veterinary Windows"
    ),
    "DE": _listed(
        "Anlagenbau Antriebe Bäckereien Brauerei Chemie Druckhaus Elektronik Feinkost Feinmechanik Fenster "
        "Gartenbau Glas Kältetechnik Kliniken Lagertechnik Leuchten Logistik Maschinenbau Messtechnik Möbel "
        "Pumpen Reisen Software Spedition Stahlbau Textil Verlag Werkzeuge"
    ),
    "JP": _listed(
        "Bussan Denki Denshi Gakki Giken Insatsu Jidosha Kagaku Kikai Kogyo Koun Sangyo Seiki Seimitsu Seisakusho "
        "Shoji Shokuhin Tekko Tsushin Yakuhin"
    ),
}
REGIONS = _listed(
    "Atlantic Baltic Central Coastal Eastern Global Harbour Highland Inland Island Metro Midland National "
    "Northern Pacific Peninsula Premier Regional River Southern Summit United Upland Valley Western"
)
"""Third words for books so large that two do not suffice."""

OFFSHOOTS = (
    "Field Services",
    "Leasing Partners",
    "Procurement Centre",
    "Overseas Trading",
    "Research Campus",
    "Spare Parts",
    "Training Academy",
    "Venture Holdings",
)
"""What a subsidiary company adds to its parent's name."""

LEGAL_FORMS = {
    "US": ("Inc", "Inc", "LLC", "Corp", "Corporation", "Company"),
    "DE": ("GmbH", "GmbH", "AG"),
    "GB": ("Ltd", "Ltd", "Limited"),
    "JP": ("KK", "Co"),
}

CITIES = {
    "US": (
        ("Austin", "TX", "78701"),
        ("Boston", "MA", "02110"),
        ("Chicago", "IL", "60606"),
        ("Denver", "CO", "80202"),
        ("New York", "NY", "10016"),
        ("Portland", "OR", "97204"),
        ("San Francisco", "CA", "94105"),
        ("Seattle", "WA", "98101"),
        ("Tampa", "FL", "33602"),
    ),
    "DE": (
        ("Berlin", "BE", "10115"),
        ("Hamburg", "HH", "20095"),
        ("Köln", "NW", "50667"),
        ("Leipzig", "SN", "04109"),
        ("München", "BY", "80331"),
    ),
    "GB": (
        ("Bristol", "", "BS1 4DJ"),
        ("Leeds", "", "LS1 4DY"),
        ("London", "", "EC2A 4NE"),
        ("Manchester", "", "M2 3AW"),
    ),
    "JP": (
        ("Fukuoka", "Fukuoka", "810-0001"),
        ("Nagoya", "Aichi", "460-0008"),
        ("Osaka", "Osaka", "530-0001"),
        ("Tokyo", "Tokyo", "100-0005"),
    ),
}
STREETS = {
    "US": _listed("Cedar Street|Harbor Avenue|Main Street|Mill Road|Station Plaza|Sunset Boulevard", "|"),
    "DE": _listed("Am Markt|Bahnhofstraße|Gartenweg|Hafenstraße|Lindenallee|Schulstraße", "|"),
    "GB": _listed("Bridge Street|Church Lane|High Street|Mill Lane|Queen's Road|Victoria Terrace", "|"),
    "JP": _listed("Chuo|Honmachi|Minato|Nishiki|Sakae|Umeda", "|"),
}
PHONES = {
    "US": "+1 555 01{:02d} {:03d}",
    "DE": "+49 30 23125 {:02d}{:03d}",
    "GB": "+44 20 7946 {:02d}{:03d}",
    "JP": "+81 3 5550 {:02d}{:03d}",
}
DOMAINS = {"US": "example.com", "DE": "example.net", "GB": "example.org", "JP": "example.com"}

FIRST_NAMES = _listed(
    "Aiko Alan Beatriz Carla Chidi Daniel Elif Emma Farid Greta Hana Ivan Jonas Kenji Lena Marco Nadia Oskar "
    "Priya Quentin Rosa Samir Tara Ulrike Viktor Wendy Yuki Zoe"
)
LAST_NAMES = _listed(
    "Abara Bennett Castillo Dvorak Eriksen Falk Grant Hoffmann Ibrahim Jansen Kimura Lindqvist Moreau Novak "
    "O'Brien Petrov Quinn Rossi Schäfer Tanaka Urban Varga Weber Yamada Zhang"
)
TITLES = ("CFO", "Head of Procurement", "IT Director", "Operations Manager", "Purchasing Lead")
INDUSTRIES = (
    "Agriculture",
    "Construction",
    "Education",
    "Healthcare",
    "Hospitality",
    "Manufacturing",
    "Retail",
    "Technology",
)
LEAD_SOURCES = ("Web", "Partner Referral", "Phone Inquiry", "Trade Show", "")
DEAL_TYPES = ("New Customer", "Existing Customer - Upgrade", "Existing Customer - Replacement")

THEMES = (
    "Platform roll-out",
    "R&D seats",
    'Phase 2 "Orion"',
    "Warehouse scanners",
    "Renewal with uplift",
    "Pilot -> production",
    "Café kiosks",
    "Head office upgrade",
    "Field team starter",
    "Data centre move",
    "Disaster recovery <hot site>",
    "Support uplift, 24/7",
    "Training & onboarding",
    "Branch expansion",
)
"""What deals are about; some hold characters that a careless serialiser breaks."""
MEMOS = (
    "Phone order",
    "Renewal as agreed",
    "Entered from e-mail",
    "Framework contract call-off",
    "Replacement delivery",
)
