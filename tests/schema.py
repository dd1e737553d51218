"""The editors' schema: valid by its own rules, it takes every example and template and refuses what the reader refuses for
its form. usage: schema.py DESCENT. Without the Python packages jsonschema and yaml only its shape is looked at."""
import glob
import json
import os
import subprocess
import sys

program = os.path.abspath(sys.argv[1])
os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
schema = json.loads(subprocess.run([program, "explain", "--schema"], check=True, stdout=subprocess.PIPE).stdout)


def complain(text):
    print("schema.py: " + text)
    sys.exit(1)


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


sections = schema["properties"]
for name in ("data", "model", "optimizer", "schedule", "train"):
    if sections[name]["additionalProperties"] is not False:
        complain(f"section {name} takes any key")
if "adam" not in sections["optimizer"]["properties"]["name"]["enum"] or "lr" not in sections["optimizer"]["properties"]:
    complain("optimizer lacks its rules or their options")
for reference in references(schema):
    if reference[len("#/$defs/"):] not in schema["$defs"]:
        complain(f"{reference} leads nowhere")

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"the schema has the right shape; not held against configs: {missing}")
    sys.exit(0)

jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
good = sorted(glob.glob("examples/*.yaml") + glob.glob("src/cmd/template/*.yaml"))
for path in good:
    with open(path) as f:
        for error in validator.iter_errors(yaml.safe_load(f)):
            complain(f"{path}: {list(error.absolute_path)}: {error.message[:300]}")

# Mistakes of form that a schema can see: names, keys, types, ranges.
bad = "act-unknown act-option batch-word batch-zero dialect difficulty-range dropout-range dtype epochs-real epochs-words " \
      "format-unknown layer-key layer-unknown layers-empty layers-word learning-rate loss-unknown loss-option many " \
      "nesterov-adam no-layers no-optimizer penalty-key rate-negative rate-text repeat-zero rule-missing rule-unknown " \
      "scale-three schedule-no-effect schedule-unknown section-foreign section-list section-unknown".split()
for name in bad:
    with open(f"tests/bad-config/{name}.yaml") as f:
        if validator.is_valid(yaml.safe_load(f)):
            complain(f"tests/bad-config/{name}.yaml is accepted")
print(f"the schema takes {len(good)} configs and refuses {len(bad)} bad ones")
