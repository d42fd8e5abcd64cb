#include "worker/job_diagram.h"
#include "worker/job_notebook.h"

job_handler *const job_handlers[N_JOB_TYPES] = {
    [JOB_NOTEBOOK] = job_notebook_run,
    [JOB_PLANTUML] = job_plantuml_run,
    [JOB_DRAWIO] = job_drawio_run,
};
