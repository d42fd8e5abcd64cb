#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/glossary.h"
#include "cli/command.h"
#include "diagram/diagram.h"
#include "diagram/drawio_browser.h"
#include "diagram/drawio_desktop.h"
#include "diagram/drawio_install.h"
#include "notebook/html_katex.h"
#include "notebook/kernel/kernelspec.h"
#include "os/data.h"
#include "os/scratch.h"

#define MIN_FREE_MIB 512

/* One line of the answer. `found` NULL: missing, and `remedy` says what mends it. Takes `found`. Quiet: only what is missing. */
static bool tell(const struct invocation *invocation, const char *what, char *found, const char *remedy)
{
    if (found == NULL || !invocation->is_quiet)
        printf("%-8s %-22s %s\n", found != NULL ? "ok" : "missing", what, found != NULL ? found : remedy);
    g_free(found);
    return found != NULL;
}

static bool check_kernel(const struct invocation *invocation, const char *what, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(kernelspec) spec = kernelspec_find(name, &error);
    g_autofree char *program = spec != NULL ? g_find_program_in_path(spec->argv[0]) : NULL;
    if (spec != NULL && program == NULL) {
        g_autofree char *remedy = g_strdup_printf("%s names the program '%s', which is not there", spec->folder, spec->argv[0]);
        return tell(invocation, what, NULL, remedy);
    }
    return tell(invocation, what, spec != NULL ? g_strdup(spec->folder) : NULL, spec == NULL ? error->message : NULL);
}

static bool check_kernels(const struct invocation *invocation)
{
    bool has_python = false;
    for (int i = 0; i < N_PROG_LANGS; i++) {
        g_autofree char *what = g_strdup_printf("kernel for %s", prog_langs[i].name);
        bool is_there = check_kernel(invocation, what, prog_langs[i].kernel);
        has_python |= is_there && i == PROG_LANG_PYTHON;
    }
    return has_python;
}

static void check_resident_drawio(const struct invocation *invocation, const struct settings *settings)
{
    g_autofree char *application = drawio_browser_find_application(settings_get_text(settings, "external_tools.drawio_application"));
    g_autofree char *version = application != NULL ? drawio_browser_application_version(application) : NULL;
    tell(invocation, "Chromium", drawio_browser_find_chromium(settings_get_text(settings, "external_tools.chromium")),
         "apt-get install chromium-headless-shell (draws Draw.io files)");
    tell(invocation, "Draw.io application",
         application != NULL ? g_strdup_printf("%s, version %s", application, version != NULL ? version : "unknown") : NULL,
         "clx doctor --install drawio (needs npm)");
}

static bool check_plantuml(const struct invocation *invocation, const struct settings *settings)
{
    g_autofree char *java = plantuml_find_java(settings_get_text(settings, "external_tools.java"));
    g_autofree char *jar = plantuml_find_jar(settings_get_text(settings, "external_tools.plantuml_jar"));
    g_autofree char *version = java != NULL && jar != NULL ? plantuml_ask_version(java, jar) : NULL;
    bool is_broken = java != NULL && jar != NULL && version == NULL;
    g_autofree char *broken = g_strdup_printf("'%s' does not run '%s'", java, jar);
    char *text = version != NULL ? g_strdup_printf("%s, version %s", jar, version) : is_broken ? NULL : g_strdup(jar);
    bool has_java = tell(invocation, "java", g_strdup(java), "apt-get install default-jre-headless, or set external_tools.java");
    return tell(invocation, "PlantUML", text, is_broken ? broken : "apt-get install plantuml, or set PLANTUML_JAR") && has_java;
}

static bool check_diagrams(const struct invocation *invocation, const struct settings *settings)
{
    bool has_plantuml = check_plantuml(invocation, settings);
    tell(invocation, "Graphviz", g_find_program_in_path("dot"), "apt-get install graphviz (class, state and component diagrams need it)");
    tell(invocation, "Draw.io desktop", drawio_desktop_find(settings_get_text(settings, "external_tools.drawio_executable")),
         "install drawio-desktop (and xvfb), or set DRAWIO_EXECUTABLE");
    check_resident_drawio(invocation, settings);
    return has_plantuml;
}

static bool check_disk(const struct invocation *invocation, const char *folder)
{
    struct statvfs info;
    if (statvfs(folder, &info) != 0)
        return tell(invocation, "disk", NULL, "cannot be asked");
    guint64 free_mib = (guint64)info.f_bavail * info.f_frsize / (1024 * 1024);
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT " MiB free in %s", free_mib, folder);
    return free_mib >= MIN_FREE_MIB ? tell(invocation, "disk", g_steal_pointer(&text), NULL) : tell(invocation, "disk", NULL, text);
}

static bool check_templates(const struct invocation *invocation)
{
    g_autofree char *folder = data_path("templates");
    bool is_there = g_file_test(folder, G_FILE_TEST_IS_DIR);
    return tell(invocation, "templates", is_there ? g_strdup(folder) : NULL, "the installation is not complete: install clx again");
}

static int install_drawio(const struct invocation *invocation)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = NULL;
    if (!drawio_install(&folder, &error))
        return report_error(error);
    report_done(invocation, "installed %s\n", folder);
    return 0;
}

static int run_doctor(struct invocation *invocation)
{
    g_autoptr(scratch) scratch = scratch_open(NULL); /* without one, what the tools leave is theirs */
    if (invocation_option(invocation, "install") != NULL)
        return install_drawio(invocation);
    struct settings *settings = invocation_settings(invocation);
    if (settings == NULL)
        return 2;
    bool is_well = check_templates(invocation);
    is_well &= check_kernels(invocation);
    is_well &= check_diagrams(invocation, settings);
    tell(invocation, "KaTeX", katex_get_script() != NULL ? g_strdup("maths in pages is set") : NULL,
         "apt-get install libjs-katex (without it pages show the TeX source)");
    is_well &= check_disk(invocation, settings_project_root(settings));
    return is_well ? 0 : 1;
}

static const char *const installable[] = {"drawio", NULL};

static const struct option options[] = {
    {"install", 0, "TOOL", "install a tool for this user", false, installable},
    {NULL},
};

extern const struct command cmd_doctor;
const struct command cmd_doctor = {
    .name = "doctor",
    .operands = "",
    .purpose = "Say which tools are there, and what to do about missing ones.",
    .example = "clx doctor",
    .options = options,
    .run = run_doctor,
};
