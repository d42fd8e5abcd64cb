/* Where PlantUML and its Java are. */
#include <string.h>
#include <sys/wait.h>

#include "diagram/diagram.h"
#include "diagram/tool_run.h"
#include "os/file.h"

#define VERSION_DEADLINE_MS 30000
#define VERSION_LIMIT 65536

char *plantuml_find_jar(const char *given)
{
    const char *const places[] = {given, g_getenv("PLANTUML_JAR"), "/usr/share/plantuml/plantuml.jar",
                                  "/usr/local/share/plantuml/plantuml.jar", "/usr/local/share/plantuml.jar"};
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i] != NULL && g_file_test(places[i], G_FILE_TEST_IS_REGULAR))
            return g_canonicalize_filename(places[i], NULL);
    return NULL;
}

char *plantuml_find_java(const char *given)
{
    const char *home = g_getenv("JAVA_HOME");
    g_autofree char *own = home != NULL ? g_build_filename(home, "bin", "java", NULL) : NULL;
    if (given != NULL)
        return g_find_program_in_path(given);
    if (own != NULL && g_file_test(own, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&own);
    return g_find_program_in_path("java");
}

/* "PlantUML version 1.2020.02 (Sun Mar 01 …)" is the first line that the program writes. */
static char *parse_version(const char *log_path)
{
    static const char before[] = "PlantUML version ";
    g_autoptr(GBytes) log = file_read(log_path, VERSION_LIMIT, NULL);
    g_autofree char *text = log != NULL ? g_strndup(g_bytes_get_data(log, NULL), g_bytes_get_size(log)) : NULL;
    const char *found = text != NULL ? strstr(text, before) : NULL;
    return found != NULL ? g_strndup(found + strlen(before), strcspn(found + strlen(before), " \r\n")) : NULL;
}

char *plantuml_ask_version(const char *java, const char *jar)
{
    const char *const argv[] = {java, "-Djava.awt.headless=true", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-jar", jar, "-version",
                                NULL};
    g_autofree char *folder = g_build_filename(g_get_tmp_dir(), "clx-version-XXXXXX", NULL);
    int status = 0;
    if (g_mkdtemp_full(folder, 0700) == NULL)
        return NULL;
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    char *version = tool_run(argv, NULL, folder, log, VERSION_DEADLINE_MS, &status, NULL) ? parse_version(log) : NULL;
    file_remove_tree(folder, NULL);
    return version;
}
