#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"

bool report_has_color(void)
{
    const char *no_color = g_getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && (no_color == NULL || no_color[0] == '\0') && g_getenv("CI") == NULL;
}

static void print_diag(const struct diag *diag)
{
    g_autofree char *text = report_has_color() ? diag_format_colored(diag) : diag_format(diag);
    fputs(text, stderr);
}

static void print_error(const char *message)
{
    g_autoptr(diag_list) diags = diag_list_new();
    diag_add_text(diags, DIAG_ERROR, NULL, message, NULL);
    print_diag(diags->items->pdata[0]);
}

int report_failure(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    print_error(message);
    return status;
}

int report_error(const GError *error)
{
    print_error(error->message);
    return clx_error_exit_status(error);
}

void report_diags(const struct invocation *invocation, const struct diag_list *diags)
{
    for (unsigned i = 0; i < diags->items->len; i++) {
        const struct diag *diag = diags->items->pdata[i];
        bool is_wanted =
            diag->severity == DIAG_ERROR || (diag->severity == DIAG_WARNING && !invocation->is_quiet) || invocation->is_verbose;
        if (is_wanted)
            print_diag(diag);
    }
}

void report_done(const struct invocation *invocation, const char *format, ...)
{
    va_list args;
    if (invocation->is_quiet)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
}

bool report_confirm(const char *question)
{
    char answer[16] = "";
    fprintf(stderr, "%s [y/N] ", question);
    bool is_answered = fgets(answer, sizeof answer, stdin) != NULL;
    if (!is_answered || !isatty(STDIN_FILENO)) /* nobody has typed the end of the line */
        fputc('\n', stderr);
    return is_answered && (answer[0] == 'y' || answer[0] == 'Y');
}

void print_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2));
    puts(text != NULL ? text : "null");
    free(text);
}
