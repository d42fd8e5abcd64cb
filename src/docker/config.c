#include "docker/config.h"

#include "os/file.h"

#define SIZE_LIMIT (1024u * 1024)

char *docker_config_folder(void)
{
    const char *folder = g_getenv("DOCKER_CONFIG");

    return folder && *folder ? g_strdup(folder) : g_build_filename(g_get_home_dir(), ".docker", NULL);
}

json_t *docker_config_read_file(const char *path)
{
    g_autoptr(GBytes) text = file_read(path, SIZE_LIMIT, NULL);

    return text ? json_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text), NULL) : NULL;
}

json_t *docker_config_read(void)
{
    g_autofree char *folder = docker_config_folder(), *path = g_build_filename(folder, "config.json", NULL);

    return docker_config_read_file(path);
}
