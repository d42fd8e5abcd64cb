"""Holds data/course.schema.json and the program's own reader to each other.

Every file in valid/ passes both, every file in invalid/ fails both; further specs (examples) given as arguments pass the schema.
usage: check_schema.py CLX SCHEMA FOLDER [SPEC...]"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"skipped: check_schema ({error})")
    sys.exit(77)


def make_course(folder, spec):
    """A course that has all that the valid specs speak of."""
    for path in ("templates", "code/solutions/Example_1", "code/solutions/Example_3", "section_002",
                 "slides/module_100_basics/topic_010_introduction", "slides/module_100_basics/topic_020_files_and_folders"):
        os.makedirs(os.path.join(folder, path))
    for name in ("decorators.py", "diagram.puml"):
        open(os.path.join(folder, "section_002", name), "w").close()
    return shutil.copy(spec, folder)


def main():
    clx, schema_path, folder, *examples = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failures, n_specs = [], 0
    for spec in sorted(glob.glob(os.path.join(folder, "*", "*.yaml"))) + examples:
        n_specs += 1
        is_valid = spec in examples or os.path.basename(os.path.dirname(spec)) == "valid"
        with open(spec, encoding="utf-8") as file:
            errors = [error.message for error in validator.iter_errors(yaml.safe_load(file))]
        if bool(errors) == is_valid:
            failures.append(f"{spec}: the schema says {errors or 'valid'}")
        if spec in examples:
            continue
        with tempfile.TemporaryDirectory() as root:
            run = subprocess.run([clx, "validate", make_course(root, spec)], capture_output=True, text=True)
        if run.returncode != (0 if is_valid else 2):
            failures.append(f"{spec}: clx validate exits with {run.returncode}: {run.stderr}")
    print("\n".join(failures) or f"{n_specs} specs, all as expected")
    return 1 if failures or n_specs < 10 else 0


sys.exit(main())
