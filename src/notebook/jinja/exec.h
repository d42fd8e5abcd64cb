/* The execution of statements. */
#pragma once

#include "notebook/jinja/eval.h"

/* A template in the course of its rendering: its inheritance chain and its outermost names. */
struct unit {
    value *blocks; /* name -> list of V_BLOCK, the most derived first */
    struct frame *top;
    const char *name;        /* of the template that was asked for */
    struct template *parent; /* set by extends */
    bool silent;             /* a child: text outside of blocks is not written */
};

/* Runs a statement or the statements of a body. */
void exec(engine *e, const node *n, struct frame *f);

/* What the body writes, as a value; `body` may be NULL. */
value *capture(engine *e, const node *body, struct frame *f);

/* Writes a value to the output. */
void print(engine *e, value *v);

/* exec_loop.c, exec_macro.c, exec_unit.c: their statements. */
void run_loop(engine *e, const node *n, struct frame *f, value *over, int depth0);
value *make_macro(engine *e, const node *n, struct frame *f);
void exec_call_block(engine *e, const node *n, struct frame *f);
void exec_include(engine *e, const node *n, struct frame *f);
void exec_import(engine *e, const node *n, struct frame *f);
void exec_from(engine *e, const node *n, struct frame *f);
void exec_extends(engine *e, const node *n, struct frame *f);
void exec_block(engine *e, const node *n, struct frame *f);
