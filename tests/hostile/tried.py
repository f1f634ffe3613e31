"""The written list of hostile values, each with a name. Knows nothing of the page and nothing of the server."""

import math
from datetime import date

LONG = 10 * 2**20  # characters

FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}


def nested(depth: int, last: object = 1) -> object:
    """Lists in lists; Python's own reader of JSON gives up beyond a thousand."""
    for _ in range(depth):
        last = [last]
    return last


TEXTS = {
    "nothing": "",
    "a space": " ",
    "a path that climbs": "../../../../etc/passwd",
    "a key that climbs": "own/../../runs",
    "a recorded key that climbs": "recorded/../../../app.py",
    "a shared key that climbs": "shared/../of",
    "a climb in percent": "own/%2e%2e%2f%2e%2e%2fetc",
    "a climb by a backslash": "..\\..\\windows\\system32",
    "an absolute path": "/etc/passwd",
    "a home": "~/.ssh/id_rsa",
    "an address of a file": "file:///etc/passwd",
    "an address of this machine": "http://127.0.0.1:1/latest/meta-data",
    "a null": "own/quick\0.json",
    "a new line": "own/quick\n",
    "a right to left": "own/\u202equick",
    "half a letter": "\ud800",
    "a letter beyond": "😀" * 50,
    "a combining tower": "a" + "\u0301" * 500,
    "html": '<img src=x onerror="alert(1)">',
    "a script": "</script><script>alert(document.cookie)</script>",
    "a template": "{{7*7}} ${7*7} <%= 7*7 %> {0.__class__}",
    "a percent sign": "%s%s%n%x",
    "a command": "; rm -rf / #`id`$(id)",
    "an option": "--out=/tmp/x",
    "sql": "' OR 1=1; DROP TABLE runs; --",
    "a formula": '=HYPERLINK("http://x","y")',
    "a number in words": "1e999",
    "not a number in words": "NaN",
    "a python object": "__import__('os').system('id')",
    "a foreign owner": "d" * 32,
    "a long text": "x" * 100_000,
}
NUMBERS = {
    "zero": 0,
    "minus one": -1,
    "a fraction": 0.1,
    "a huge number": 10**30,
    "a number of 4000 digits": 10**4000,
    "not a number": math.nan,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "beyond 64 bits": 2**63,
    "the smallest": 5e-324,
}
THINGS = {
    "none": None,
    "true": True,
    "an empty list": [],
    "an empty mapping": {},
    "a list of nothing": [None] * 100,
    "a nested list": nested(100),
    "a mapping in a mapping": {"run": {"run": {"step": []}}},
    "a file of the machine": FILE,
    "a file from elsewhere": FILE | {"path": "http://127.0.0.1:1/x", "url": "http://127.0.0.1:1/x"},
    "an update": {"__type__": "update", "value": "x", "visible": True, "choices": [["x", "x"]]},
    "a prototype": {"__proto__": {"admin": True}, "constructor": {"prototype": {}}, "__class__": "x"},
    "unknown fields": {"seeds": 3, "trust_remote_code": True, "data_path": "/etc", "owner": "d" * 32},
    "a date": str(date.min),
    "ten thousand keys": {str(number): number for number in range(10_000)},
}
WRITTEN = TEXTS | NUMBERS | THINGS
LONG_TEXT = "x" * LONG
