#!/usr/bin/python3
"""Writes the C tables of notebook/lexer_tables.h from the lexers of the installed Pygments.

usage: lexer-tables.py OUTPUT.c

States, rules and transitions are taken as Pygments itself has processed them (include, words, default and combined are resolved
there); patterns are rewritten from Python's dialect to PCRE2's. What cannot be converted ends the build with a message.
"""
import re
import sys

from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Name, Text, Token, _TokenType

LANGUAGES = ["python", "cpp", "c", "csharp", "java", "typescript", "rust"]
END, POP, PUSH_SAME = -32768, -1, -2


def c_string(text):
    data = text.encode("utf-8")
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in data) + '"'


def to_pcre(pattern):
    """The pattern in PCRE2's dialect."""
    out, i, in_class = [], 0, False
    while i < len(pattern):
        char = pattern[i]
        if char == "\\":
            piece, i = escape_to_pcre(pattern, i)
            out.append(piece)
            continue
        if in_class:
            if char == "]" and pattern[class_start:i] not in ("", "^"):
                in_class = False
            elif char == "[":
                char = "\\["
        elif char == "[":
            in_class, class_start = True, i + 1
        elif pattern.startswith("{,", i):
            char, i = "{0,", i + 1
        out.append(char)
        i += 1
    return "".join(out)


def escape_to_pcre(pattern, i):
    """The escape at `i` in PCRE2's dialect and the place behind it."""
    kind = pattern[i + 1]
    if kind in "uU":
        digits = 4 if kind == "u" else 8
        return "\\x{%s}" % pattern[i + 2:i + 2 + digits], i + 2 + digits
    if kind == "N":
        sys.exit("lexer-tables: named characters cannot be converted: " + pattern[:60])
    return {"Z": "\\z", "v": "\\x0b"}.get(kind, "\\" + kind), i + 2


class Tables:
    def __init__(self):
        self.regexes, self.token_types, self.groups, self.transitions = {}, {}, [], []
        self.states, self.rules, self.lexers, self.word_lists = [], [], [], []

    def regex(self, match):
        compiled = match.__self__
        flags = [name for name, bit in (("LEX_MULTILINE", re.M), ("LEX_DOTALL", re.S), ("LEX_CASELESS", re.I), ("LEX_EXTENDED", re.X))
                 if compiled.flags & bit]
        return self.regexes.setdefault((to_pcre(compiled.pattern), " | ".join(flags) or "0"), len(self.regexes))

    def token(self, token_type):
        return self.token_types.setdefault(token_type, len(self.token_types))

    def action(self, action, index):
        """(kind, value) of what a rule or group does."""
        if action is None:
            return "LEX_NOTHING", 0
        if type(action) is _TokenType:
            return "LEX_TOKEN", self.token(action)
        closure = dict(zip(action.__code__.co_freevars, (c.cell_contents for c in action.__closure__ or ())))
        if action.__qualname__.startswith("bygroups"):
            pieces = [self.action(a, index) for a in closure["args"]]
            start = len(self.groups)
            self.groups += pieces + [("LEX_GROUPS_END", 0)]
            return "LEX_GROUPS", start
        if action.__qualname__.startswith("using") and "_other" not in closure:
            stack = closure["gt_kwargs"].get("stack", ("root",))
            if len(stack) <= 2:
                return "LEX_USING", index[stack[-1]]
        if action.__qualname__.startswith("using"):
            return "LEX_TOKEN", self.token(Text)
        sys.exit("lexer-tables: no conversion for the callback " + action.__qualname__)

    def transition(self, new_state, index):
        if new_state is None:
            return -1
        if isinstance(new_state, int):
            steps = [POP] * abs(new_state)
        elif new_state == "#push":
            steps = [PUSH_SAME]
        else:
            steps = [{"#pop": POP, "#push": PUSH_SAME}.get(s, index.get(s)) for s in new_state]
        self.transitions += steps + [END]
        return len(self.transitions) - len(steps) - 1

    def words(self, lexer):
        """Names that the C family's lexers colour as types."""
        names = set()
        for attribute in ("stdlib_types", "c99_types", "c11_atomic_types", "linux_types"):
            names |= getattr(lexer, attribute, set())
        self.word_lists.append(sorted(names, key=lambda s: s.encode()))

    def add(self, name):
        lexer = get_lexer_by_name(name)
        index = {state: len(self.states) + i for i, state in enumerate(lexer._tokens)}
        self.lexers.append((name, index["root"]))
        self.words(lexer)
        rows = []
        for rules in lexer._tokens.values():
            first = len(self.rules)
            for match, action, new_state in rules:
                kind, value = self.action(action, index)
                self.rules.append((self.regex(match), kind, value, self.transition(new_state, index)))
            rows.append((first, len(self.rules) - first, index["root"]))
        self.states += rows

    def css_class(self, token_type):
        while token_type not in STANDARD_TYPES:
            token_type = token_type.parent
        return STANDARD_TYPES[token_type]

    def write(self, out):
        special = [self.token(t) for t in (Token.Error, Token.Text.Whitespace, Text, Name, Token.Keyword.Type)]
        out.write('#include "notebook/lexer_tables.h"\n\n')
        self.array(out, "struct lex_regex lex_regexes", ("{%s, %s}" % (c_string(p), f) for p, f in self.regexes))
        self.array(out, "struct lex_token lex_tokens", ("{%s, %s}" % (c_string(str(t)), c_string(self.css_class(t)))
                                                       for t in self.token_types))
        self.array(out, "struct lex_action lex_groups", ("{%s, %d}" % g for g in self.groups))
        self.array(out, "short lex_transitions", map(str, self.transitions))
        self.array(out, "struct lex_rule lex_rules", ("{%d, {%s, %d}, %d}" % r for r in self.rules))
        self.array(out, "struct lex_state lex_states", ("{%d, %d, %d}" % s for s in self.states))
        for i, names in enumerate(self.word_lists):
            self.array(out, "char *const words_%d" % i, [c_string(n) for n in names] + ["0"], "static ")
        self.array(out, "struct lexer lexers", ('{"%s", %d, words_%d, %d}' % (n, r, i, len(self.word_lists[i]))
                                                for i, (n, r) in enumerate(self.lexers)))
        out.write("const int n_lex_regexes = %d;\nconst int n_lexers = %d;\n" % (len(self.regexes), len(self.lexers)))
        out.write("const struct lex_special lex_special = {%s};\n" % ", ".join(map(str, special)))

    @staticmethod
    def array(out, declaration, items, prefix=""):
        out.write("%sconst %s[] = {\n" % (prefix, declaration))
        for item in items:
            out.write("    %s,\n" % item)
        out.write("};\n\n")


def main():
    tables = Tables()
    for name in LANGUAGES:
        tables.add(name)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        tables.write(out)


main()
