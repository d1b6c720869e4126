"""Imitations of SMS gateways, one class a provider: each speaks its provider's document as far as
it could be read, refuses what the document does not allow, and answers its errors. What passes here
is imitated, not proven.

    gateway = Seven(); gateway.sink.start(); gateway.fault = "no credit"

`accepted` holds (number, text, reference) of each SMS taken; `refused` what was wrong with requests
that the document does not allow. `fault` is the name of the error that the next request gets:
`faults` maps it to the answer, and to class and ending of the attempt that must follow.
"""

import base64
import json
import re

from peers import HttpSink

SENT, PENDING, FAILED = "sent", "pending", "failed"
E164 = re.compile(r"\+[1-9]\d{1,14}")


class Gateway:
    preset = ""
    path = ""
    key = "schluessel-&-0123456789"
    faults = {}
    tells_id = True
    reports = ()    # (the gateway's word, what is shown of the SMS then, its class when it failed)

    def report(self, number, reference, word):
        """The body of the delivery report that the document describes."""
        raise NotImplementedError

    def __init__(self):
        self.accepted, self.refused = [], []
        self.fault = None
        self.sink = HttpSink(self._answer)

    @property
    def url(self):
        return self.sink.url + self.path

    def options(self, key_file):
        """Of the transport, besides preset, url and tls."""
        return f'token_file = "{key_file}"; from = "Ulm";'

    def _answer(self, request):
        if self.fault:
            fault, self.fault = self.fault, None
            return self.faults[fault][0]
        wrong = self._wrong(request)
        if wrong:
            self.refused.append(wrong)
            return self.on_wrong(wrong)
        fields = json.loads(request.body)
        self.accepted.append(self.sms(fields))
        return self.on_accepted(f"{7700 + len(self.accepted)}")

    def _wrong(self, request):
        """What the document does not allow; None when all is well."""
        if request.method != "POST" or request.path != self.path:
            return f"{request.method} {request.path}"
        if request.headers.get("Content-Type") != "application/json":
            return f"Content-Type {request.headers.get('Content-Type')}"
        try:
            fields = json.loads(request.body.decode("utf-8", "strict"))
        except ValueError as error:
            return f"body: {error}"
        return self.check(request, fields)

    def on_wrong(self, wrong):
        return 400, json.dumps({"detail": wrong})


def check_fields(fields, **kinds):
    """Exactly these fields, each of its type; None when so."""
    for name, kind in kinds.items():
        if name not in fields:
            return f"{name} is missing"
        if not isinstance(fields[name], kind) or fields[name] == "":
            return f"{name} is {fields[name]!r}"
    more = set(fields) - set(kinds)
    return f"unknown fields {more}" if more else None


class Seven(Gateway):
    """https://docs.seven.io/en/rest-api/endpoints/sms"""
    preset, path = "seven", "/api/sms"
    faults = {
        "number": ((200, '{"success":"202"}'), "address", FAILED),
        "country": ((200, '{"success":"201"}'), "address", FAILED),
        "no credit": ((200, '{"success":"500"}'), "credit", PENDING),
        "carrier": ((200, '{"success":"600"}'), "temporary", PENDING),
        "key": ((200, "900"), "auth", PENDING),
        "key, as text": ((401, '"900"'), "auth", PENDING),
        "daily limit": ((200, '{"success":"403"}'), "policy", FAILED),
        "no text": ((200, '{"success":"305"}'), "permanent", FAILED),
        "maintenance": ((200, "<html>"), "ambiguous", PENDING),
    }

    reports = (("BUFFERED", "queued", ""), ("TRANSMITTED", "sent", ""),
               ("DELIVERED", "delivered", ""), ("EXPIRED", "failed", "temporary"),
               ("NOTDELIVERED", "failed", "permanent"))

    def report(self, number, reference, word):
        return {"webhook_event": "dlr", "webhook_timestamp": "2026-11-16 09:00:03",
                "data": {"msg_id": number, "foreign_id": reference, "status": word,
                         "timestamp": "2026-11-16 09:00:02.000000"}}

    def check(self, request, fields):
        if request.headers.get("X-Api-Key") != self.key:
            return "X-Api-Key"
        if len(fields.get("from", "")) > 11:
            return "from is longer than 11 characters"
        if not E164.fullmatch(fields.get("to", "")):
            return f"to {fields.get('to')!r}"
        if not re.fullmatch(r"[A-Za-z0-9._@-]{1,64}", fields.get("foreign_id", "")):
            return "foreign_id"
        return check_fields(fields, to=str, text=str, **{"from": str}, foreign_id=str)

    def sms(self, fields):
        return fields["to"], fields["text"], fields["foreign_id"]

    def on_accepted(self, number):
        return 200, json.dumps({
            "success": "100", "total_price": 0.075, "balance": 46.5, "debug": "false",
            "sms_type": "direct", "messages": [{
                "id": number, "sender": "Ulm", "recipient": "49", "encoding": "gsm", "parts": 1,
                "price": 0.075, "success": True, "error": None, "error_text": None}]})

    def on_wrong(self, wrong):
        return 200, '{"success":"900"}' if wrong == "X-Api-Key" else '{"success":"301"}'


def basic(user, key):
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


class Sipgate(Gateway):
    """https://api.sipgate.com/v2/doc"""
    preset, path, tells_id = "sipgate", "/v2/sessions/sms", False
    faults = {
        "no credit": ((402, ""), "credit", PENDING),
        "token": ((401, ""), "auth", PENDING),
        "scope": ((403, ""), "auth", PENDING),
        "away": ((503, ""), "temporary", PENDING),
        "request": ((400, ""), "permanent", FAILED),
    }

    def options(self, key_file):
        return f'username = "token-ABC123"; password_file = "{key_file}"; from = "s0";'

    def check(self, request, fields):
        if request.headers.get("Authorization") != basic("token-ABC123", self.key):
            return "Authorization"
        if not re.fullmatch(r"s\d+", fields.get("smsId", "")):
            return "smsId"
        if not E164.fullmatch(fields.get("recipient", "")):
            return "recipient"
        return check_fields(fields, smsId=str, recipient=str, message=str)

    def sms(self, fields):
        return fields["recipient"], fields["message"], None

    def on_accepted(self, number):
        return 204, ""


class Link(Gateway):
    """LINK Mobility, SMS REST API (Common), https://www.linkmobility.com/developer/"""
    preset, path = "link", "/sms/send"
    faults = {
        "login": ((401, '{"resultCode":106101,"description":"Access denied"}'), "auth", PENDING),
        "partner": ((400, '{"resultCode":106201}'), "auth", PENDING),
        "other": ((400, '{"resultCode":106300}'), "permanent", FAILED),
        "away": ((503, ""), "temporary", PENDING),
        "maintenance": ((200, "<html>"), "ambiguous", PENDING),
    }

    reports = ((1001, "delivered", ""), (1002, "failed", "permanent"))

    def report(self, number, reference, word):
        return {"refId": reference, "id": f"Dcshuhod0PM{number}", "operator": "no.operator",
                "sentTimestamp": "2026-11-16T09:00:02Z", "timestamp": "2026-11-16T09:00:03Z",
                "resultCode": word, "operatorResultCode": "3", "segments": 1}

    def options(self, key_file):
        return (f'username = "ulm"; password_file = "{key_file}"; from = "Ulm";'
                ' account = "30978"; gate = "gate-7";')

    def check(self, request, fields):
        if request.headers.get("Authorization") != basic("ulm", self.key):
            return "Authorization"
        if not E164.fullmatch(fields.get("destination", "")):
            return "destination"
        if fields.get("platformId") != "COOL" or fields.get("platformPartnerId") != "30978":
            return "platform"
        if fields.get("deliveryReportGates") != ["gate-7"]:
            return f"deliveryReportGates {fields.get('deliveryReportGates')!r}"
        return check_fields(fields, source=str, destination=str, userData=str, platformId=str,
                            platformPartnerId=str, refId=str, deliveryReportGates=list)

    def sms(self, fields):
        return fields["destination"], fields["userData"], fields["refId"]

    def on_accepted(self, number):
        return 200, json.dumps({"messageId": f"Dcshuhod0PM{number}", "resultCode": 1005,
                                "description": "Queued"})


class Lox24(Gateway):
    """https://doc.lox24.eu/api/operations/api_sms_post_collection/"""
    preset, path = "lox24", "/sms"
    key = "1234567:e3f3a759b6677959b6ebfc0123456789"
    faults = {
        "input": ((400, '{"detail":"phone"}'), "permanent", FAILED),
        "key": ((401, ""), "auth", PENDING),
        "no credit": ((402, ""), "credit", PENDING),
        "not activated": ((403, ""), "auth", PENDING),
        "too many": ((429, ""), "throttled", PENDING),
    }

    reports = ((4, "sent", ""), (1, "delivered", ""), (8, "failed", "temporary"),
               (16, "failed", "permanent"))

    def report(self, number, reference, word):
        return {"id": "1f0c", "name": "sms.delivery.done", "data": {
            "id": f"d6c12ac4-cc7d-11ec-b6da-52540000{number}", "dlr_code": word,
            "callback_data": reference, "dlr_code_date": "2026-11-16T09:00:02+00:00"}}

    def check(self, request, fields):
        if request.headers.get("X-LOX24-AUTH-TOKEN") != self.key:
            return "X-LOX24-AUTH-TOKEN"
        if not re.fullmatch(r"(\+?[1-9]\d{0,14}|[a-zA-Z0-9 ]{1,11})", fields.get("sender_id", "")):
            return "sender_id"
        if not E164.fullmatch(fields.get("phone", "")):
            return "phone"
        if len(fields.get("text", "")) > (670 if fields.get("is_unicode") else 1530):
            return "text is too long"
        return check_fields(fields, sender_id=str, phone=str, text=str, service_code=str,
                            is_unicode=bool, callback_data=str)

    def sms(self, fields):
        return fields["phone"], fields["text"], fields["callback_data"]

    def on_accepted(self, number):
        return 201, json.dumps({"uuid": f"d6c12ac4-cc7d-11ec-b6da-52540000{number}",
                                "status_code": 0, "dlr_code": 0})


class Smseagle(Gateway):
    """https://www.smseagle.eu/apiv1/, JSONRPC"""
    preset, path = "smseagle", "/jsonrpc/sms"
    faults = {
        "token": ((200, '{"result":{"error_text":"Invalid access token","status":"error"}}'),
                  "auth", PENDING),
        "login": ((200, '{"result":"Invalid login or password"}'), "auth", PENDING),
        "parameters": ((200, '{"result":{"error_text":"Wrong parameters","status":"error"}}'),
                       "permanent", FAILED),
        "away": ((502, ""), "temporary", PENDING),
        "nothing": ((200, '{"result":null}'), "ambiguous", PENDING),
    }

    def options(self, key_file):
        return f'token_file = "{key_file}";'

    def check(self, request, fields):
        wrong = check_fields(fields, method=str, params=dict)
        if wrong or fields["method"] != "sms.send_sms":
            return wrong or f"method {fields['method']}"
        params = fields["params"]
        if params.get("access_token") != self.key:
            return "access_token"
        national = any(ord(letter) > 127 for letter in params.get("message", ""))
        if params.get("unicode") != ("1" if national else "0"):
            return f"unicode {params.get('unicode')!r}"
        if not E164.fullmatch(params.get("to", "")) or params.get("responsetype") != "extended":
            return f"to {params.get('to')!r}, responsetype {params.get('responsetype')!r}"
        return check_fields(params, access_token=str, to=str, message=str, unicode=str,
                            responsetype=str)

    def sms(self, fields):
        return fields["params"]["to"], fields["params"]["message"], None

    def on_accepted(self, number):
        return 200, json.dumps({"result": {"message_id": number, "status": "ok"}})


GATEWAYS = (Seven, Sipgate, Link, Lox24, Smseagle)
