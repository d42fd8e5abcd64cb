/* libmicrohttpd (with GnuTLS behind it), loaded when the first server is started (see os/library.h). */
#include <microhttpd.h>
#include <stdarg.h>

#include "os/library.h"

#define MHD "libmicrohttpd.so.12"

LIBRARY_STUB(MHD, enum MHD_Result, MHD_add_response_header, (struct MHD_Response * response, const char *header, const char *content),
             (response, header, content))
LIBRARY_STUB(MHD, struct MHD_Response *, MHD_create_response_from_buffer, (size_t size, void *buffer, enum MHD_ResponseMemoryMode mode),
             (size, buffer, mode))
LIBRARY_STUB(MHD, struct MHD_Response *, MHD_create_response_from_buffer_with_free_callback_cls,
             (size_t size, void *buffer, MHD_ContentReaderFreeCallback free_callback, void *data), (size, buffer, free_callback, data))
LIBRARY_STUB(MHD, struct MHD_Response *, MHD_create_response_from_callback,
             (uint64_t size, size_t block, MHD_ContentReaderCallback callback, void *data, MHD_ContentReaderFreeCallback free_callback),
             (size, block, callback, data, free_callback))
LIBRARY_STUB(MHD, struct MHD_Response *, MHD_create_response_from_fd_at_offset64, (uint64_t size, int fd, uint64_t offset),
             (size, fd, offset))
LIBRARY_STUB_VOID(MHD, MHD_destroy_response, (struct MHD_Response * response), (response))
LIBRARY_STUB(MHD, int, MHD_get_connection_values,
             (struct MHD_Connection * connection, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator, void *data),
             (connection, kind, iterator, data))
LIBRARY_STUB(MHD, enum MHD_Result, MHD_get_timeout, (struct MHD_Daemon * daemon, MHD_UNSIGNED_LONG_LONG *timeout), (daemon, timeout))
LIBRARY_STUB(MHD, const char *, MHD_lookup_connection_value, (struct MHD_Connection * connection, enum MHD_ValueKind kind, const char *key),
             (connection, kind, key))
LIBRARY_STUB(MHD, enum MHD_Result, MHD_queue_response,
             (struct MHD_Connection * connection, unsigned int status, struct MHD_Response *response), (connection, status, response))
LIBRARY_STUB_VOID(MHD, MHD_resume_connection, (struct MHD_Connection * connection), (connection))
LIBRARY_STUB(MHD, enum MHD_Result, MHD_run, (struct MHD_Daemon * daemon), (daemon))
LIBRARY_STUB_VOID(MHD, MHD_stop_daemon, (struct MHD_Daemon * daemon), (daemon))
LIBRARY_STUB_VOID(MHD, MHD_suspend_connection, (struct MHD_Connection * connection), (connection))

/* The library's variadic functions: nothing that clx asks of the last two has an argument. */

struct MHD_Daemon *MHD_start_daemon(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept_policy, void *accept_data,
                                    MHD_AccessHandlerCallback access, void *access_data, ...)
{
    struct MHD_Daemon *(*real)(unsigned int, uint16_t, MHD_AcceptPolicyCallback, void *, MHD_AccessHandlerCallback, void *, va_list);
    struct MHD_Daemon *daemon;
    va_list options;

    *(void **)&real = library_symbol(MHD, "MHD_start_daemon_va");
    va_start(options, access_data);
    daemon = real(flags, port, accept_policy, accept_data, access, access_data, options);
    va_end(options);
    return daemon;
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection, enum MHD_ConnectionInfoType type, ...)
{
    static const union MHD_ConnectionInfo *(*real)(struct MHD_Connection *, enum MHD_ConnectionInfoType, ...);

    if (real == NULL)
        *(void **)&real = library_symbol(MHD, "MHD_get_connection_info");
    return real(connection, type);
}

const union MHD_DaemonInfo *MHD_get_daemon_info(struct MHD_Daemon *daemon, enum MHD_DaemonInfoType type, ...)
{
    static const union MHD_DaemonInfo *(*real)(struct MHD_Daemon *, enum MHD_DaemonInfoType, ...);

    if (real == NULL)
        *(void **)&real = library_symbol(MHD, "MHD_get_daemon_info");
    return real(daemon, type);
}
