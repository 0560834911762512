"""Who calls while the API is fuzzed: the demo admin on the console, the demo user elsewhere.

Calls end sessions, as they should: before each, the token is looked at, and who is out logs in again, as
the same device.
"""

import json
import os
import threading
import urllib.error
import urllib.request

import schemathesis

URL = os.environ["FUZZ_URL"]


class Person:
    def __init__(self, mobile, password, client_type):
        self.form = {
            "mobile": mobile,
            "password": password,
            "client_type": client_type,
            "device_id": "fuzz",
        }
        self.token = None
        self.lock = threading.Lock()

    def live_token(self):
        with self.lock:
            if self.token is None or call("GET", "/api/v4/auth/verify", token=self.token)[0] == 401:
                status, answer = call("POST", "/api/v4/auth/login", body=self.form)
                if status != 200:
                    raise RuntimeError(f"the demo log-in is refused: {answer}")
                data = answer["data"]
                self.token = data["access_token"]
                # Proof of being that device has a budget of its own: wrong guesses of others cost it nothing.
                self.form["device_token"] = data["device_token"]
            return self.token


def call(method, path, body=None, token=None):
    request = urllib.request.Request(URL + path, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("content-type", "application/json")
    if token is not None:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


USER = Person(os.environ["FUZZ_USER"], os.environ["FUZZ_USER_PASSWORD"], "mini_program")
ADMIN = Person(os.environ["FUZZ_ADMIN"], os.environ["FUZZ_ADMIN_PASSWORD"], "web")


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        person = ADMIN if "/console/" in case.operation.path else USER
        return person.live_token()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_body(context, body):
    """To JSON Schema 3.0 is an integer; it is none here, and the document has no word for that."""
    return whole(body)


def whole(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(one) for one in value]
    if isinstance(value, dict):
        return {name: whole(one) for name, one in value.items()}
    return value
