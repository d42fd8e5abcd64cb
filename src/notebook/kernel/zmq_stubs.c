/* libzmq, loaded when the first kernel is started (see os/library.h). */
#include <zmq.h>

#include "os/library.h"

#define ZMQ "libzmq.so.5"

LIBRARY_STUB(ZMQ, int, zmq_close, (void *socket), (socket))
LIBRARY_STUB(ZMQ, int, zmq_connect, (void *socket, const char *address), (socket, address))
LIBRARY_STUB(ZMQ, void *, zmq_ctx_new, (void), ())
LIBRARY_STUB(ZMQ, int, zmq_ctx_term, (void *context), (context))
LIBRARY_STUB(ZMQ, int, zmq_errno, (void), ())
LIBRARY_STUB(ZMQ, int, zmq_getsockopt, (void *socket, int option, void *value, size_t *length), (socket, option, value, length))
LIBRARY_STUB(ZMQ, int, zmq_msg_close, (zmq_msg_t * message), (message))
LIBRARY_STUB(ZMQ, void *, zmq_msg_data, (zmq_msg_t * message), (message))
LIBRARY_STUB(ZMQ, int, zmq_msg_init, (zmq_msg_t * message), (message))
LIBRARY_STUB(ZMQ, int, zmq_msg_more, (const zmq_msg_t *message), (message))
LIBRARY_STUB(ZMQ, int, zmq_msg_recv, (zmq_msg_t * message, void *socket, int flags), (message, socket, flags))
LIBRARY_STUB(ZMQ, size_t, zmq_msg_size, (const zmq_msg_t *message), (message))
LIBRARY_STUB(ZMQ, int, zmq_send, (void *socket, const void *data, size_t length, int flags), (socket, data, length, flags))
LIBRARY_STUB(ZMQ, int, zmq_setsockopt, (void *socket, int option, const void *value, size_t length), (socket, option, value, length))
LIBRARY_STUB(ZMQ, void *, zmq_socket, (void *context, int type), (context, type))
LIBRARY_STUB(ZMQ, int, zmq_socket_monitor, (void *socket, const char *address, int events), (socket, address, events))
LIBRARY_STUB(ZMQ, const char *, zmq_strerror, (int number), (number))
