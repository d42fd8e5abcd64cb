/* The folder is <runtime folder>/<hash of the database's path>. */
#include "store/doorbell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "os/runtime.h"

#define MAX_TRIES 100

/* The same text for every way to write the path of a database, which need not exist yet. */
static char *canonical_path(const char *db_path)
{
    g_autofree char *folder = g_path_get_dirname(db_path);
    g_autofree char *name = g_path_get_basename(db_path);
    char *real = realpath(folder, NULL);
    char *result = g_build_filename(real ? real : folder, name, NULL);

    free(real);
    return result;
}

static char *bell_folder(const char *db_path)
{
    g_autofree char *path = canonical_path(db_path);
    g_autofree char *hash = hash_sha256_hex(path, strlen(path));
    g_autofree char *base = runtime_base_path();

    return g_strdup_printf("%s/%.16s", base, hash);
}

static bool is_channel(const char *channel)
{
    return *channel && strspn(channel, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") == strlen(channel);
}

static bool fill_address(struct sockaddr_un *address, const char *folder, const char *name)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    return g_snprintf(address->sun_path, sizeof address->sun_path, "%s/%s", folder, name) < (int)sizeof address->sun_path;
}

static bool bind_free_name(int fd, const char *folder, const char *channel, struct sockaddr_un *address)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        g_autofree char *name = g_strdup_printf("%s.%d.%d", channel, (int)getpid(), i);

        if (!fill_address(address, folder, name))
            errno = ENAMETOOLONG;
        else if (bind(fd, (struct sockaddr *)address, sizeof *address) == 0)
            return true;
        if (errno != EADDRINUSE)
            return false;
    }
    return false;
}

int doorbell_listen(const char *db_path, const char *channel, char **ret_path, GError **error)
{
    g_autofree char *base = runtime_base_path();
    g_autofree char *folder = bell_folder(db_path);
    struct sockaddr_un address;
    bool is_bound = false;
    int fd;

    g_assert(is_channel(channel));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    for (int i = 0; fd >= 0 && !is_bound && i < MAX_TRIES; i++) {
        if (!runtime_make_private_folder(base, error) || !runtime_make_private_folder(folder, error)) {
            close(fd);
            return -1;
        }
        is_bound = bind_free_name(fd, folder, channel, &address);
        if (!is_bound && errno != ENOENT) /* the last of the others has just removed the folder */
            break;
    }
    if (!is_bound) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: cannot make the doorbell '%s': %s", folder, channel, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret_path = g_strdup(address.sun_path);
    return fd;
}

void doorbell_close(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    unlink(path);
    rmdir(folder); /* when nobody listens there any more */
}

void doorbell_drain(int fd)
{
    char buffer[8];

    while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) >= 0 || errno == EINTR)
        continue;
}

/* A full queue is fine: that listener wakes anyway. A refused connection means that nobody holds the socket any more. */
static void ring_one(int fd, const char *folder, const char *name)
{
    struct sockaddr_un address;

    if (!fill_address(&address, folder, name))
        return;
    if (sendto(fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED)
        unlink(address.sun_path);
}

static void test_one(int fd, const char *folder, const char *name)
{
    struct sockaddr_un address;

    if (*name != '.' && fill_address(&address, folder, name) && connect(fd, (struct sockaddr *)&address, sizeof address) < 0 &&
        errno == ECONNREFUSED)
        unlink(address.sun_path);
}

typedef void bell_action(int fd, const char *folder, const char *name);

/* Does it to every socket whose name begins with the prefix. */
static void for_each_bell(const char *db_path, const char *prefix, bell_action *action)
{
    g_autofree char *folder = bell_folder(db_path);
    DIR *dir = opendir(folder);
    int fd;

    if (!dir)
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
            if (g_str_has_prefix(entry->d_name, prefix))
                action(fd, folder, entry->d_name);
        close(fd);
    }
    closedir(dir);
}

void doorbell_ring(const char *db_path, const char *channel)
{
    g_autofree char *prefix = g_strconcat(channel, ".", NULL);

    for_each_bell(db_path, prefix, ring_one);
}

void doorbell_sweep(const char *db_path)
{
    g_autofree char *folder = bell_folder(db_path);

    for_each_bell(db_path, "", test_one);
    rmdir(folder); /* when nobody listens there */
}
