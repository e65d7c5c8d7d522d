"""What KAZOO counts for an account, by short names: the items `category, item` whose quantities one name adds up.

The item `_all` stands for every item of its category.
"""

ALL_ITEMS = "_all"
Item = tuple[str, str]

COUNTED_ITEMS: dict[str, tuple[Item, ...]] = {
    "whitelabel": (("branding", "whitelabel"),),
    "did_us": (("phone_numbers", "did_us"),),
    "tollfree_us": (("phone_numbers", "tollfree_us"),),
    "toll_us": (("phone_numbers", "toll_us"),),
    "caribbean": (("phone_numbers", "caribbean"),),
    "international": (("phone_numbers", "international"),),
    "numbers": (("phone_numbers", ALL_ITEMS),),
    "dedicated_ips": (("ips", "dedicated"),),
    # Older data names the provider.
    "e911": tuple(("number_services", name) for name in ("e911", "dash_e911", "vitelity_e911", "telnyx_e911")),
    "inbound_cnam": (("number_services", "inbound_cnam"),),
    "outbound_cnam": (("number_services", "outbound_cnam"),),
    "port": (("number_services", "port"),),
    "local": (("number_services", "local"),),
    "failover": (("number_services", "failover"),),
    "sms": (("number_services", "sms"),),
    "mms": (("number_services", "mms"),),
    "twoway_trunks": (("limits", "twoway_trunks"),),
    "inbound_trunks": (("limits", "inbound_trunks"),),
    "outbound_trunks": (("limits", "outbound_trunks"),),
    "trunks": tuple(("limits", name) for name in ("inbound_trunks", "outbound_trunks", "twoway_trunks")),
    "sip_device": (("devices", "sip_device"),),
    "ata": (("devices", "ata"),),
    "cellphone": (("devices", "cellphone"),),
    "fax": (("devices", "fax"),),
    "landline": (("devices", "landline"),),
    "mobile": (("devices", "mobile"),),
    "sip_uri": (("devices", "sip_uri"),),
    "smartphone": (("devices", "smartphone"),),
    "softphone": (("devices", "softphone"),),
    "devices": (("devices", ALL_ITEMS),),
    "user": (("users", "user"),),  # Admins are not among them: KAZOO counts a user under one level.
    "admin": (("users", "admin"),),
    "users": (("users", ALL_ITEMS),),
    "voicemail_boxes": (("voicemails", "mailbox"),),
    "transcription": (("voicemails", "transcription"),),
    "fax_boxes": (("faxes", "mailbox"),),
    "conferences": (("conferences", "conference"),),
}
