/* Times of kernels, for bench/bench: bench-kernel FOLDER. Prints in ms: ready when started by its kernelspec, when forked on demand, when
 * taken from those that wait; wall and own processor time of a trivial cell. Medians. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "notebook/kernel/kernel.h"
#include "os/file.h"
#include "os/process.h"

#define N_RUNS 7
#define N_CELLS 100

static gint64 first_cell_at;

static void note_cell(int cell, int n_cells, gpointer data)
{
    if (cell == 1)
        first_cell_at = g_get_monotonic_time();
}

static void free_cell(gpointer data)
{
    struct cell *cell = data;
    g_free(cell->source);
    json_decref(cell->metadata);
    json_decref(cell->outputs);
    g_free(cell);
}

static double own_cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000.0 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000.0;
}

/* Milliseconds from the beginning to the first cell; `ret_cell` and `ret_cpu` (may be NULL): wall and own processor time per cell. */
static double run(struct kernel_pool *pool, const char *folder, int n_cells, double *ret_cell, double *ret_cpu)
{
    struct notebook notebook = {.cells = g_ptr_array_new_with_free_func(free_cell)};
    struct kernel_options options = {
        .kernel = "python3", .pool = pool, .runtime_dir = folder, .source_name = "bench", .progress = note_cell};
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < n_cells; i++) {
        struct cell *cell = g_new0(struct cell, 1);
        cell->type = CELL_CODE;
        cell->source = g_strdup("pass");
        g_ptr_array_add(notebook.cells, cell);
    }
    gint64 start = g_get_monotonic_time();
    double cpu = own_cpu_ms();
    if (!kernel_run(&notebook, &options, &error)) {
        fprintf(stderr, "bench-kernel: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
    if (ret_cell != NULL) {
        *ret_cell = (double)(g_get_monotonic_time() - first_cell_at) / 1000.0 / n_cells;
        *ret_cpu = (own_cpu_ms() - cpu) / n_cells;
    }
    g_ptr_array_unref(notebook.cells);
    return (double)(first_cell_at - start) / 1000.0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, N_RUNS, sizeof *values, compare);
    return values[N_RUNS / 2];
}

/* The notebook before a measurement lasts long enough for the next kernel to be ready, as it does in a build. */
static void let_next_start(struct kernel_pool *pool, const char *folder)
{
    run(pool, folder, N_CELLS, NULL, NULL);
}

int main(int argc, char **argv)
{
    double cold[N_RUNS], forked[N_RUNS], waiting[N_RUNS], cell, cpu;
    if (argc != 2)
        return EXIT_FAILURE;
    process_become_subreaper();
    struct kernel_pool *pool = kernel_pool_new(argv[1]);
    for (int i = 0; i < N_RUNS; i++) {
        kernel_pool_drop_waiting(pool);
        cold[i] = run(NULL, argv[1], 1, NULL, NULL);
        let_next_start(pool, argv[1]);
        waiting[i] = run(pool, argv[1], 1, NULL, NULL);
        kernel_pool_drop_waiting(pool);
        forked[i] = run(pool, argv[1], 1, NULL, NULL);
    }
    run(pool, argv[1], N_CELLS, &cell, &cpu);
    kernel_pool_free(pool);
    printf("%f %f %f %f %f\n", median(cold), median(forked), median(waiting), cell, cpu);
    return EXIT_SUCCESS;
}
