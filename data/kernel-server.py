"""Starts IPython kernels in milliseconds: imports ipykernel once and forks a kernel for each request.

Standard input is a socket. Each request is a line of JSON: mark (it replaces the value of CLX_KERNEL_RUN), argv (of the kernel: an
interpreter, its options, -m, a module and the module's arguments), folder, log. The answer is a line with the kernel's process id. The kernel becomes a child of whoever started this program
(its subreaper), not of this program, and dies with it. What is forked is a process without threads, without ZeroMQ and without a
shell: the kernel itself builds all that, just as one that was started by its kernelspec does, and so begins with the same state.
Arguments: modules to import beforehand.
"""
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys

MARK = "CLX_KERNEL_RUN"
PR_SET_PDEATHSIG = 1


def import_all(names):
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as ipykernel does; matplotlib reads it once
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # the notebook that needs it says so
            print(f"cannot import {name} beforehand: {error!r}", file=sys.stderr, flush=True)
    import faulthandler  # noqa: F401 what a kernel imports while it starts

    import IPython.core.completerlib  # noqa: F401
    import ipykernel.kernelapp  # noqa: F401


def set_mark(mark):
    """Replaces the mark where /proc/PID/environ reads it, so that children that only fork carry it too."""
    value = mark.encode()
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    place = libc.getenv(MARK.encode())
    if place and len(os.environ[MARK].encode()) == len(value):
        ctypes.memmove(place, value, len(value))
    os.environ[MARK] = mark


def redirect(log):
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((null, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(out)


def reseed():
    """The standard library reseeds itself after a fork, NumPy does not."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def run_kernel(request):
    # The server's end is the end of what this process was; the new parent has to be told of before.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)
    os.chdir(request["folder"])
    redirect(request["log"])
    set_mark(request["mark"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reseed()
    argv = request["argv"]
    module = argv.index("-m") + 1
    sys.orig_argv = argv
    sys.argv = [importlib.util.find_spec(argv[module]).origin, *argv[module + 1 :]]
    sys.path[0] = os.getcwd()
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()  # these three are what launch_instance does
    app.initialize()
    gc.unfreeze()
    gc.enable()
    app.start()


def fork_kernel(request):
    """Forks twice, so that the kernel is adopted; returns its process id, in the kernel its request."""
    pid_read, pid_write = os.pipe()
    go_read, go_write = os.pipe()
    between = os.fork()
    if between == 0:
        kernel = os.fork()
        if kernel == 0:
            os.close(go_write)
            os.read(go_read, 1)
            for descriptor in (pid_read, pid_write, go_read):
                os.close(descriptor)
            return None
        os.write(pid_write, b"%d" % kernel)
        os._exit(0)
    os.close(pid_write)
    os.waitpid(between, 0)
    kernel = int(os.read(pid_read, 32))
    os.write(go_write, b"g")  # the kernel has its new parent
    for descriptor in (pid_read, go_read, go_write):
        os.close(descriptor)
    return kernel


def serve(channel):
    """Forks kernels until the channel ends; returns a request in the process that is to become a kernel."""
    with channel.makefile("rb") as lines:
        for line in lines:
            request = json.loads(line)
            kernel = fork_kernel(request)
            if kernel is None:
                return request
            channel.sendall(b"%d\n" % kernel)
    return None


def main():
    channel = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_all(sys.argv[1:])
    gc.collect()
    gc.disable()  # a collection would touch, and so copy, every page that a fork shares
    gc.freeze()
    request = serve(channel)
    channel.close()
    if request is not None:
        run_kernel(request)


if __name__ == "__main__":
    main()
