#!/usr/bin/python3
"""Code colours are Pygments' own: compare_with_pygments.py SPLIT_CODE SAMPLES… [CASES]; differences end with status 1."""
import json
import os
import subprocess
import sys

from pygments.lexers import get_lexer_by_name

LANGUAGES = {".py": "python", ".cpp": "cpp", ".c": "c", ".h": "c", ".cs": "csharp", ".java": "java", ".ts": "typescript", ".rs": "rust"}


def merge(tokens):
    """Neighbours of one type as one token: both sides may cut the same text differently."""
    merged = []
    for kind, text in tokens:
        if merged and merged[-1][0] == kind:
            merged[-1][1] += text
        elif text:
            merged.append([kind, text])
    return merged


def compare(split_code, path, language):
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read().replace("\r\n", "\n")
    text += "" if text.endswith("\n") else "\n"
    lexer = get_lexer_by_name(language)
    wanted = merge((str(kind), value) for _, kind, value in lexer.get_tokens_unprocessed(text))
    output = subprocess.run([split_code, language], input=text.encode(), capture_output=True, check=True).stdout
    got = [json.loads(line) for line in output.decode().split("\n") if line]
    if "".join(value for _, value in got) != text:
        print(f"not ok {path}: bytes were lost")
        return False
    got = merge(got)
    for i, (a, b) in enumerate(zip(wanted + [None], got + [None])):
        if a != b:
            print(f"not ok {path}: token {i}: Pygments {a!r}, here {b!r}")
            return False
    print(f"ok {path} ({len(wanted)} tokens)")
    return True


def find_files(folders):
    for folder in folders:
        for root, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                language = LANGUAGES.get(os.path.splitext(name)[1])
                if language:
                    yield os.path.join(root, name), language


def main():
    split_code, samples = sys.argv[1], sys.argv[2]
    cases = os.environ.get("CLX_CASES", "")
    if not os.path.isdir(cases):
        print("skipped: the files of CLX_CASES (not there)")
    results = [compare(split_code, path, language) for path, language in find_files([samples, cases])]
    languages = {language for _, language in find_files([samples])}
    if languages != set(LANGUAGES.values()):
        sys.exit(f"samples are missing: {set(LANGUAGES.values()) - languages}")
    sys.exit(0 if all(results) else 1)


main()
