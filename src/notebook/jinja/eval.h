/* The evaluation of expressions and the frames of names. */
#pragma once

#include "notebook/jinja/ast.h"

value *eval(engine *e, const node *n, struct frame *f);
struct frame *frame_new(engine *e, struct frame *parent);
value *frame_get(engine *e, struct frame *f, value *name);
void frame_assign(engine *e, struct frame *f, const node *target, value *v);
value *eval_filters(engine *e, const node *n, struct frame *f, value *input);
struct args *eval_args(engine *e, const node *n, struct frame *f);
