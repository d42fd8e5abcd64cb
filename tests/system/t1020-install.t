#!/bin/sh
test_description='an installed program needs neither the source tree nor the build folder'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

mkdir -p .clx slides/module_100_m/topic_100_first
cat >course.yaml <<'SPEC'
name: Small
languages: [en]
prog_lang: python
sections:
  - {name: One, topics: [first]}
SPEC
cat >slides/module_100_m/topic_100_first/slides_first.py <<'SOURCE'
# {% from 'macros.j2' import header %}
# {{ header("Erste", "First") }}

# %%
print(6 * 7)
SOURCE

test_expect_success 'meson install puts program, data, manual page and completions under the prefix' '
    meson install -C "$(dirname "$CLX")" --no-rebuild --quiet --destdir "$PWD/root" >install.log 2>&1 &&
    program=$(find root -path "*/bin/clx") && test -x "$program" && prefix=${program%/bin/clx} &&
    test -d "$prefix/share/clx/templates" && test -s "$prefix/share/man/man1/clx.1" &&
    test -s "$prefix/share/bash-completion/completions/clx.bash" && test -s "$prefix/share/zsh/site-functions/_clx" &&
    test -s "$prefix/share/fish/vendor_completions.d/clx.fish"
'
test_expect_success 'the installed program builds a course' '
    "$PWD/$program" build course.yaml >log 2>&1 || { cat log; false; } &&
    find output -path "*/Completed/*First.html" >pages && test -s pages && while read -r page; do grep -q 42 "$page" || return 1; done <pages
'
test_expect_success 'it takes its templates from where it was installed, not from the sources' '
    find "$prefix/share/clx/templates" -type f -exec sed -i "s/{% macro header(.*/&\\nMOVED/" {} + &&
    "$PWD/$program" expand slides/module_100_m/topic_100_first/slides_first.py >out && grep MOVED out &&
    "$CLX" expand slides/module_100_m/topic_100_first/slides_first.py >out && ! grep MOVED out
'
test_done
