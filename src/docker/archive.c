#include "docker/archive.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "os/file.h"

#define BLOCK 512

/* POSIX 1003.1-1988, "ustar": numbers are octal digits and a NUL. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link_name[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};
G_STATIC_ASSERT(sizeof(struct header) == BLOCK);

/* A long path is divided at a slash: at most 155 bytes before it, 100 behind it. */
static bool set_name(struct header *header, const char *path)
{
    gsize length = strlen(path);
    const char *slash = path;

    if (length <= sizeof(header->name)) {
        memcpy(header->name, path, length);
        return true;
    }
    while ((slash = strchr(slash + 1, '/')) && slash - path <= (long)sizeof(header->prefix))
        if (length - (gsize)(slash - path) - 1 <= sizeof(header->name)) {
            memcpy(header->prefix, path, (gsize)(slash - path));
            memcpy(header->name, slash + 1, length - (gsize)(slash - path) - 1);
            return true;
        }
    return false;
}

/* The sum over all bytes of the header, with blanks in place of the sum. */
static void set_checksum(struct header *header)
{
    const guint8 *bytes = (const guint8 *)header;
    unsigned sum = 0;

    memset(header->checksum, ' ', sizeof(header->checksum));
    for (gsize i = 0; i < sizeof(*header); i++)
        sum += bytes[i];
    snprintf(header->checksum, sizeof(header->checksum), "%06o", sum);
}

bool archive_add(GByteArray *archive, const char *path, const void *data, gsize length, bool is_executable, GError **error)
{
    static const guint8 zeros[BLOCK] = {0};
    struct header header = {.type = '0', .magic = "ustar", .version = {'0', '0'}, .user = "root", .group = "root"};

    if (!set_name(&header, path)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "'%s' is too long for an archive", path);
        return false;
    }
    snprintf(header.mode, sizeof(header.mode), "%07o", is_executable ? 0755 : 0644);
    snprintf(header.uid, sizeof(header.uid), "%07o", 0);
    snprintf(header.gid, sizeof(header.gid), "%07o", 0);
    snprintf(header.size, sizeof(header.size), "%011" G_GINT64_MODIFIER "o", (guint64)length);
    snprintf(header.mtime, sizeof(header.mtime), "%011o", 0);
    set_checksum(&header);
    g_byte_array_append(archive, (const guint8 *)&header, sizeof(header));
    g_byte_array_append(archive, data, (guint)length);
    g_byte_array_append(archive, zeros, (guint)((BLOCK - length % BLOCK) % BLOCK));
    return true;
}

bool archive_add_file(GByteArray *archive, const char *path, const char *from, GError **error)
{
    g_autoptr(GBytes) bytes = file_read(from, FILE_READ_LIMIT, error);

    return bytes && archive_add(archive, path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                                g_file_test(from, G_FILE_TEST_IS_EXECUTABLE), error);
}

struct adding {
    GByteArray *archive;
    const char *prefix, *folder;
    GError *error;
};

static bool visit(const char *relative, const struct stat *info, gpointer data)
{
    struct adding *adding = data;
    g_autofree char *from = g_build_filename(adding->folder, relative, NULL);
    g_autofree char *path = *adding->prefix ? g_strconcat(adding->prefix, "/", relative, NULL) : g_strdup(relative);

    return archive_add_file(adding->archive, path, from, &adding->error);
}

bool archive_add_folder(GByteArray *archive, const char *prefix, const char *folder, GError **error)
{
    struct adding adding = {archive, prefix, folder, NULL};

    if (file_walk(folder, NULL, visit, &adding, error) && !adding.error)
        return true;
    if (adding.error)
        g_propagate_error(error, adding.error);
    return false;
}

void archive_finish(GByteArray *archive)
{
    static const guint8 zeros[2 * BLOCK] = {0};

    g_byte_array_append(archive, zeros, sizeof(zeros));
}
