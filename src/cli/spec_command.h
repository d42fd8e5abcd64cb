/* What the commands with a SPEC operand share. */
#pragma once

#include "cli/command.h"
#include "course/model.h"

/* Loads the course of the operand with the command's filters (data-dir, output-dir, targets, language, speaker-only, where the command has
 * them); prints all mistakes and warnings. NULL after an error: return 2 then. */
struct course *spec_command_load(struct invocation *invocation);

/* The same with the diagnostics left to the caller. */
struct course *spec_command_load_quietly(struct invocation *invocation, struct diag_list *diags);
