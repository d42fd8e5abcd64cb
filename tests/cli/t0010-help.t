#!/bin/sh
test_description='help, manual page and completion are made from the tables of commands'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

for shell in zsh fish man; do
    if command -v $shell >/dev/null; then test_set_prereq "$(echo $shell | tr a-z A-Z)"; fi
done

# What bash offers after some words; the last one is still being typed.
complete_bash()
{
    bash -c '. ./clx.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _clx; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

test_expect_success 'the help of the program fits 80 columns' '
    "$CLX" help >out && test "$(wc -L <out)" -le 80 && "$CLX" --help >other && test_cmp out other
'
test_expect_success 'help names the choices that are checked' '
    "$CLX" help workers list >out && tr -s " \n" " " <out | grep "only workers in this status: created, idle, busy, hung or dead" &&
    test_expect_code 2 "$CLX" workers list --status=idle,bsy 2>err && grep "unknown value .bsy." err && grep "did you mean .busy." err &&
    test_expect_code 2 "$CLX" build x.yaml -O loud 2>err && grep "one of: default, verbose, quiet, json" err &&
    test_expect_code 2 "$CLX" --log-level=noisy config locate 2>err && grep "debug, info, warning, error" err
'
test_expect_success 'an operand with choices is checked too' '
    test_expect_code 2 "$CLX" completion tcsh 2>err && grep "one of: bash, zsh, fish" err &&
    test_expect_code 2 "$CLX" worker painter 2>err && grep "notebook, plantuml, drawio" err
'
test_expect_success 'help for a command that is not there is wrong usage' '
    test_expect_code 2 "$CLX" help workers lst 2>err && test_expect_code 2 "$CLX" help bild 2>err && grep "clx build" err
'
test_expect_success 'the manual page names every command and option' '
    "$CLX" help --man >clx.1 && head -n 2 clx.1 | grep "^.TH CLX 1" && grep "^.SS clx workers list" clx.1 &&
    grep -F -e "\\-\\-fresh\\-workers" clx.1 && grep "worker_management.startup_timeout" clx.1
'
test_expect_success MAN 'the manual page is valid roff' '
    LC_ALL=C.UTF-8 MANWIDTH=80 man -l --warnings clx.1 >out 2>err && test ! -s err && grep "EXIT STATUS" out
'
test_expect_success 'bash completes commands, options, choices and files' '
    "$CLX" completion bash >clx.bash && bash -n clx.bash && mkdir folder && echo >course.yaml &&
    complete_bash clx wor >out && grep -x workers out &&
    complete_bash clx workers l >out && test "$(cat out)" = list &&
    complete_bash clx -C folder workers list --st >out && test "$(cat out)" = --status &&
    complete_bash clx workers list --status i >out && test "$(cat out)" = idle &&
    complete_bash clx workers list --status = h >out && test "$(cat out)" = hung &&
    complete_bash clx --log-level d >out && test "$(cat out)" = debug &&
    complete_bash clx build cou >out && test "$(cat out)" = course.yaml &&
    complete_bash clx build -d "" >out && test "$(cat out)" = folder &&
    complete_bash clx completion z >out && test "$(cat out)" = zsh
'
test_expect_success FISH 'fish completes choices and files' '
    "$CLX" completion fish >clx.fish &&
    fish -c "source clx.fish; complete -C \"clx workers list --status=i\"" >out 2>err && grep -e "--status=idle" out && test ! -s err &&
    fish -c "source clx.fish; complete -C \"clx workers \"" >out && grep list out && grep events out &&
    fish -c "source clx.fish; complete -C \"clx completion z\"" >out && grep zsh out
'
test_expect_success ZSH 'the script for zsh is valid' '
    "$CLX" completion zsh >_clx && zsh -n _clx && head -n 1 _clx | grep "^#compdef clx"
'
test_done
