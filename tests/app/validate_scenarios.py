#!/usr/bin/env python3
"""Validates YAML files against a JSON Schema as an editor does: SCHEMA FILE...

Files after the word INVALID must be refused. Exit status 0: all as it should be, 1: not, 77: the
modules for it are missing.
"""
import json
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print("python3-yaml and python3-jsonschema are needed:", missing)
    sys.exit(77)


class CoreLoader(yaml.SafeLoader):
    """The core schema of YAML 1.2, which editors and libfyaml follow; PyYAML's own is 1.1."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(true|false)$", "tf"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?([0-9]*\.[0-9]+|[0-9]+\.?[0-9]*)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(~|null|)$", ["~", "n", ""]),
):
    CoreLoader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))


def complaints(validator, path):
    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, Loader=CoreLoader)
    return ["%s: %s: %s" % (path, "/".join(map(str, error.path)), error.message)
            for error in validator.iter_errors(document)]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    should_be_valid = True
    failed = 0
    for path in sys.argv[2:]:
        if path == "INVALID":
            should_be_valid = False
            continue
        found = complaints(validator, path)
        if should_be_valid and found:
            print("\n".join(found))
        if not should_be_valid and not found:
            print("%s: should be refused" % path)
        failed += should_be_valid == bool(found)
    return 1 if failed else 0


sys.exit(main())
