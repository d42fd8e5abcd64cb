#include "net/http_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

#define BACKLOG 1024

static int bind_and_listen(const struct sockaddr *address, socklen_t length)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int problem;

    if (fd < 0)
        return -1;
    if (address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

static void set_port(struct addrinfo *info, unsigned port)
{
    if (info->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)info->ai_addr)->sin6_port = htons((guint16)port);
    else
        ((struct sockaddr_in *)(void *)info->ai_addr)->sin_port = htons((guint16)port);
}

static unsigned bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)(void *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)(void *)&address)->sin_port);
}

/* SO_REUSEADDR lets a port be bound that another socket only bound, but never one that another socket listens at. */
static int try_ports(struct addrinfo *info, unsigned port, unsigned n_ports)
{
    int fd = -1;

    for (unsigned i = 0; i < MAX(n_ports, 1) && port + i <= G_MAXUINT16; i++) {
        set_port(info, port + i);
        fd = bind_and_listen(info->ai_addr, info->ai_addrlen);
        if (fd >= 0 || errno != EADDRINUSE)
            return fd;
    }
    return fd;
}

int http_listen_tcp(const char *host, unsigned port, unsigned n_ports, unsigned *ret_port, GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *info = NULL;
    int problem = getaddrinfo(host, NULL, &hints, &info), fd;

    if (problem != 0) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "cannot listen at '%s': %s", host, gai_strerror(problem));
        return -1;
    }
    fd = try_ports(info, port, n_ports);
    if (fd < 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "cannot listen at %s, port %u%s: %s", host, port,
                    n_ports > 1 ? " or one of the next" : "", g_strerror(errno));
    freeaddrinfo(info);
    if (fd >= 0)
        *ret_port = bound_port(fd);
    return fd;
}

int http_listen_unix(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info;
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: the path of a socket may have at most %zu bytes", path,
                    sizeof(address.sun_path) - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode))
        unlink(path);
    mode_t mask = umask(0177); /* nobody else may connect, at no moment */
    fd = bind_and_listen((struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (fd < 0)
        g_set_error(error, CLX_ERROR, CLX_ERROR_FAILED, "%s: cannot listen: %s", path, g_strerror(errno));
    return fd;
}
