"""Starts IPython kernels in milliseconds: imports ipykernel once and forks a kernel for each request.

Standard input is a socket. Each request is a line of JSON: mark (it replaces the value of CLX_KERNEL_RUN), argv (of the kernel: an
interpreter, its options, -m, a module and the module's arguments), connection_file, folder, log. The answer is a line with the kernel's process id. The kernel becomes a child of whoever started this program
(its subreaper), not of this program, and dies with it. What is forked is a process without threads and without ZeroMQ, but with the
application and the shell, which cost most of a kernel's start; the kernel itself builds the rest by ipykernel's own code, just as one that
was started by its kernelspec does, and so begins with the same state. Configuration files of the user may do anything, so with them the
kernel builds all by itself.
A page of memory that a fork writes to is copied in a fault, which costs far more than the copy. Each kernel writes to the same pages while
it starts, so the first tells which these were, and the others have them copied in one go.
Arguments: modules to import beforehand, "--", the kernel's own arguments as its kernelspec has them.
"""
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import pathlib
import select
import signal
import socket
import sys

MARK = "CLX_KERNEL_RUN"
PR_SET_PDEATHSIG = 1
MADV_POPULATE_WRITE = 23
PAGE = os.sysconf("SC_PAGE_SIZE")
ONLY_HERE = 1 << 56  # in an entry of pagemap: no other process maps the page
MAX_GAP = 2  # pages between two runs that are copied as one
MAX_RUNS_BYTES = 60000  # fits a pipe


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


class Pages:
    """The pages of the template that a kernel writes to while it starts."""

    def __init__(self):
        self.areas = []  # [start, end], of memory that a fork shares until it is written to
        self.runs = []  # the same, of what is copied in one go
        self.told = self.tells = None  # the ends of a pipe: of the server while it waits, of the kernel that tells
        self.note_areas()

    def note_areas(self):
        with open("/proc/self/maps", encoding="utf-8") as lines:
            for line in lines:
                place, access, _, _, inode, *name = line.split()
                if access.startswith("rw-p") and inode == "0" and name != ["[stack]"]:
                    self.areas.append([int(bound, 16) for bound in place.split("-")])

    def find_written(self):
        """In the kernel: runs of pages that are no longer those of the template."""
        runs = []
        with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
            for start, end in self.areas:
                entries = memoryview(os.pread(pagemap.fileno(), (end - start) // PAGE * 8, start // PAGE * 8)).cast("Q")
                for page in (start + i * PAGE for i, entry in enumerate(entries) if entry & ONLY_HERE):
                    if runs and page - runs[-1][1] <= MAX_GAP * PAGE:
                        runs[-1][1] = page + PAGE
                    else:
                        runs.append([page, page + PAGE])
        return runs

    def before_fork(self):
        if self.told is not None and select.select([self.told], [], [], 0)[0]:
            with contextlib.suppress(ValueError):
                self.runs = json.loads(os.read(self.told, MAX_RUNS_BYTES))
            os.close(self.told)
            self.told = None
        elif self.told is None and not self.runs:
            self.told, self.tells = os.pipe()

    def after_fork(self, is_kernel):
        if is_kernel and self.told is not None:
            os.close(self.told)
        elif not is_kernel and self.tells is not None:
            os.close(self.tells)
            self.tells = None

    def copy(self):
        """In the kernel, at its begin; an old Linux refuses, which does no harm."""
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for start, end in self.runs:
            madvise(start, end - start, MADV_POPULATE_WRITE)

    def tell(self):
        """In the first kernel, when it is ready."""
        if self.tells is None:
            return
        with contextlib.suppress(OSError), open(self.tells, "wb", buffering=0) as out:
            text = json.dumps(self.find_written()).encode()
            if len(text) <= MAX_RUNS_BYTES:
                out.write(text)


class Configured(Exception):
    """The user has configuration files."""


@contextlib.contextmanager
def replaced(owner, name, function):
    """For a moment `function` stands for the method `name` of a class or an object, which may have inherited it."""
    setattr(owner, name, function)
    try:
        yield
    finally:
        delattr(owner, name)


def refuse_configuration(app):
    folders = map(pathlib.Path, app.config_file_paths)
    if any(path for folder in folders for path in folder.glob("ipython*config.*")):
        raise Configured


def build_template(arguments):
    """The application and its shell, or None when each kernel has to build its own."""
    from IPython.core.application import BaseIPythonApplication
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    try:
        with replaced(app, "load_config_file", lambda *_, **__: refuse_configuration(app)):
            BaseIPythonApplication.initialize(app, arguments)
        kernel = app.kernel_class(parent=app, log=app.log, profile_dir=app.profile_dir, user_ns=app.user_ns)
        kernel.shell.configurables.remove(kernel.comm_manager)
        return app, kernel.shell
    except Exception as error:  # another version of ipykernel may need what is not there yet
        if not isinstance(error, Configured):
            print(f"each kernel builds its own shell: {error!r}", file=sys.stderr, flush=True)
        from ipykernel.zmqshell import ZMQInteractiveShell

        for singleton in (ZMQInteractiveShell, IPKernelApp):
            singleton.clear_instance()
        return None


def tell_connection_file(app, path):
    """What the command line would have said."""
    app.connection_file = path
    app.argv = sys.argv[1:]
    for config in (app.config, app.cli_config):
        config.IPKernelApp.connection_file = path


def adopt_shell(shell, kernel):
    """The shell of the template becomes that of the kernel; it was built in another folder, with other streams."""
    folder = pathlib.Path.cwd()
    shell.parent = shell.kernel = kernel
    shell.starting_dir = str(folder)
    shell.history_manager.dir_hist[:] = [folder]
    shell._orig_sys_module_state.update(stdin=sys.stdin, stdout=sys.stdout, stderr=sys.stderr)
    return shell


def finish(app, shell):
    """Does what is left of initialize()."""
    from IPython.core.application import BaseIPythonApplication

    initialize = BaseIPythonApplication.__dict__["initialize"]
    BaseIPythonApplication.initialize = lambda *_, **__: None
    try:
        with replaced(type(shell), "instance", lambda *_, parent, **__: adopt_shell(shell, parent)):
            app.initialize()
    finally:
        BaseIPythonApplication.initialize = initialize


def make_app(template, connection_file):
    from ipykernel.kernelapp import IPKernelApp

    if template is None:
        app = IPKernelApp.instance()
        app.initialize()
        return app
    app, shell = template
    tell_connection_file(app, connection_file)
    finish(app, shell)
    return app


def run_kernel(request, template, place, pages, worker):
    # The server's end is the end of what this process was; the new parent has to be told of before.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:  # which is process 1 in a container
        os._exit(1)
    pages.copy()
    os.chdir(request["folder"])
    redirect(request["log"])
    set_mark(request["mark"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reseed()
    argv = request["argv"]
    module = argv.index("-m") + 1
    sys.orig_argv = argv
    sys.argv = [importlib.util.find_spec(argv[module]).origin, *argv[module + 1 :]]
    sys.path[sys.path.index(place)] = os.getcwd()
    try:
        app = make_app(template, request["connection_file"])
    except Exception as error:  # a version of ipykernel that cannot be built in two parts
        print(f"the kernel starts afresh: {error!r}", file=sys.__stderr__, flush=True)
        os.execvp(argv[0], argv)
    pages.tell()
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


def serve(channel, pages):
    """Forks kernels until the channel ends; returns a request in the process that is to become a kernel."""
    with channel.makefile("rb") as lines:
        for line in lines:
            request = json.loads(line)
            pages.before_fork()
            kernel = fork_kernel(request)
            pages.after_fork(is_kernel=kernel is None)
            if kernel is None:
                return request
            channel.sendall(b"%d\n" % kernel)
    return None


def main():
    worker = os.getppid()
    channel = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end = sys.argv.index("--")
    place = sys.path[0]  # of the kernel's folder
    import_all(sys.argv[1:end])
    template = build_template(sys.argv[end + 1 :])
    gc.collect()
    gc.disable()  # a collection would touch, and so copy, every page that a fork shares
    gc.freeze()
    pages = Pages()
    request = serve(channel, pages)
    channel.close()
    if request is not None:
        run_kernel(request, template, place, pages, worker)


if __name__ == "__main__":
    main()
