#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/glossary.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "diagram/drawio_browser.h"
#include "docker/image.h"
#include "os/data.h"

/* What the engine says of one image goes to standard error: the steps as lines, bytes on a line that is written over. */
struct voice {
    const struct invocation *invocation;
    bool is_terminal, is_open; /* is_open: the line is to be written over */
    char *last;
};

static void close_line(struct voice *voice)
{
    if (voice->is_open)
        fputc('\n', stderr);
    voice->is_open = false;
    g_clear_pointer(&voice->last, g_free);
}

/* On anything but a terminal a status is told once, and bytes are not told at all. */
static bool say(const char *text, gint64 current, gint64 total, gpointer data)
{
    struct voice *voice = data;
    bool is_step = text && g_str_has_prefix(text, "Step ");

    if (!text || voice->invocation->is_quiet || (total == 0 && !is_step && !voice->invocation->is_verbose && !g_strcmp0(voice->last, text)))
        return true;
    if (total > 0 && voice->is_terminal) {
        fprintf(stderr, "\r\033[K%s: %.1f of %.1f MB", text, (double)current / 1e6, (double)total / 1e6);
        voice->is_open = true;
    } else if (total == 0 && (is_step || voice->invocation->is_verbose)) {
        close_line(voice);
        fprintf(stderr, "%s\n", text);
    }
    g_free(voice->last);
    voice->last = g_strdup(text);
    return true;
}

static const char *choose_image(struct settings *settings, const char *type, char **ret_owned)
{
    g_autofree char *key = g_strdup_printf("worker_management.%s.image", type);
    const char *image = settings_get_text(settings, key);

    return image ? image : (*ret_owned = image_default(type));
}

typedef bool image_action(struct invocation *invocation, struct engine *engine, const char *type, const char *image, struct voice *voice,
                          GError **error);

static bool is_wanted(const struct invocation *invocation, const char *type)
{
    for (unsigned i = 0; i < invocation->operands->len; i++)
        if (g_str_equal(invocation->operands->pdata[i], type))
            return true;
    return invocation->operands->len == 0;
}

/* Every operand was checked to be a type, but only the first one by the table. */
static int check_types(const struct invocation *invocation)
{
    for (unsigned i = 0; i < invocation->operands->len; i++)
        if (glossary_find(job_type_names, invocation->operands->pdata[i]) < 0)
            return report_failure(2, "'%s' is no type of workers\nuse notebook, plantuml or drawio",
                                  (char *)invocation->operands->pdata[i]);
    return 0;
}

static int for_each_type(struct invocation *invocation, image_action *act)
{
    struct settings *settings = invocation_settings(invocation);
    g_autoptr(GError) error = NULL;
    g_autoptr(engine) engine = NULL;
    struct voice voice = {.invocation = invocation, .is_terminal = isatty(STDERR_FILENO)};
    int status = settings ? check_types(invocation) : 2;

    if (status != 0)
        return status;
    engine = engine_open(&error);
    for (int i = 0; engine && i < N_JOB_TYPES; i++) {
        g_autofree char *owned = NULL;
        const char *image = choose_image(settings, job_type_names[i], &owned);
        if (is_wanted(invocation, job_type_names[i]) && !act(invocation, engine, job_type_names[i], image, &voice, &error))
            break;
        close_line(&voice);
    }
    close_line(&voice);
    return error ? report_error(error) : 0;
}

/* ---- build ---- */

/* Installed beside the data; in the sources beside their folder. */
static char *find_dockerfiles(void)
{
    g_autofree char *installed = data_path("docker"), *data = data_path(""), *parent = g_path_get_dirname(data);

    if (g_str_has_suffix(data, "/")) {
        g_free(parent);
        data[strlen(data) - 1] = '\0';
        parent = g_path_get_dirname(data);
    }
    return g_file_test(installed, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&installed) : g_build_filename(parent, "docker", NULL);
}

static void tell_made(const struct invocation *invocation, struct engine *engine, const char *image, const char *verb)
{
    struct image_info info = {0};

    if (image_inspect(engine, image, &info, NULL) == 1)
        report_done(invocation, "%s %s (%.0f MB)\n", verb, image, (double)info.size / 1e6);
    image_info_clear(&info);
}

/* What belongs into the image beyond what its Dockerfile names; NULL for what is not wanted. The caller frees both. */
static bool find_additions(struct invocation *invocation, const char *type, char **ret_packages, char **ret_application, GError **error)
{
    g_auto(GStrv) packages = invocation_list(invocation, "package");
    bool has_browser = invocation_option(invocation, "with-browser") != NULL && g_str_equal(type, job_type_names[JOB_DRAWIO]);
    g_autofree char *named = packages ? g_strjoinv(" ", packages) : g_strdup("");

    if (has_browser)
        *ret_application = drawio_browser_find_application(settings_get_text(invocation->settings, "external_tools.drawio_application"));
    if (has_browser && !*ret_application) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_NOT_FOUND,
                    "the Draw.io application is not there to be copied: clx doctor --install drawio");
        return false;
    }
    *ret_packages = g_strconcat(named, has_browser ? " chromium-headless-shell" : "", NULL);
    return true;
}

static bool build_one(struct invocation *invocation, struct engine *engine, const char *type, const char *image, struct voice *voice,
                      GError **error)
{
    g_autofree char *data = data_path(""), *dockerfiles = find_dockerfiles();
    g_autofree char *packages = NULL, *application = NULL;

    if (!find_additions(invocation, type, &packages, &application, error))
        return false;
    const struct image_build_options options = {
        .name = image,
        .worker_type = type,
        .base = invocation_option(invocation, "base"),
        .network = invocation_option(invocation, "network"),
        .packages = packages,
        .application = application,
        .program = "/proc/self/exe", /* also when it was replaced meanwhile */
        .data = data,
        .dockerfiles = dockerfiles,
        .is_uncached = invocation_option(invocation, "no-cache") != NULL,
    };

    if (!image_build(engine, &options, say, voice, error)) {
        close_line(voice);
        g_prefix_error(error, "cannot build %s: ", image);
        return false;
    }
    close_line(voice);
    tell_made(invocation, engine, image, "built");
    return true;
}

static int run_build(struct invocation *invocation)
{
    if (invocation_option(invocation, "with-browser") && !is_wanted(invocation, job_type_names[JOB_DRAWIO]))
        return report_failure(2, "--with-browser is for the image of drawio workers");
    return for_each_type(invocation, build_one);
}

static const struct option build_options[] = {
    {"base", 0, "IMAGE", "the Debian 12 image to build on (default: debian:bookworm-slim)"},
    {"network", 0, "NETWORK", "network of the build steps (default: the engine's)"},
    {"package", 0, "NAME", "install this Debian package too, like python3-numpy", true},
    {"with-browser", 0, NULL, "drawio: with the Draw.io application that is installed here, and Chromium"},
    {"no-cache", 0, NULL, "do every step again"},
    {NULL},
};

extern const struct command cmd_docker_build;
const struct command cmd_docker_build = {
    .name = "docker build",
    .operands = "[TYPE...]",
    .purpose = "Build the images of workers, with this very clx in them.",
    .example = "clx docker build notebook --package=python3-pandas",
    .options = build_options,
    .max_operands = -1,
    .run = run_build,
    .choices = job_type_names,
};

/* ---- list ---- */

static const struct column columns[] = {{"TYPE"}, {"IMAGE", false, true}, {"HERE"}, {"SIZE", true}, {"CLX"}, {"CREATED"}};

static json_t *image_to_json(const char *type, const char *image, bool is_here, const struct image_info *info)
{
    return json_pack("{s:s, s:s, s:b, s:s?, s:I, s:s?, s:s?}", "type", type, "image", image, "is_here", is_here, "id", info->id, "size",
                     (json_int_t)info->size, "clx_version", info->version, "created", info->created);
}

static void add_row(struct listing *table, const char *type, const char *image, bool is_here, const struct image_info *info)
{
    listing_add(table, g_strdup(type), g_strdup(image), g_strdup(is_here ? "yes" : "no"),
                is_here ? g_strdup_printf("%.0f MB", (double)info->size / 1e6) : NULL, g_strdup(info->version),
                info->created ? g_strndup(info->created, strlen("2000-01-01")) : NULL);
}

static int list_images(struct invocation *invocation, struct engine *engine, struct listing *table, json_t *rows)
{
    for (int i = 0; i < N_JOB_TYPES; i++) {
        g_autofree char *owned = NULL;
        const char *image = choose_image(invocation->settings, job_type_names[i], &owned);
        struct image_info info = {0};
        g_autoptr(GError) error = NULL;
        int got = image_inspect(engine, image, &info, &error);

        if (got < 0)
            return report_error(error);
        if (table)
            add_row(table, job_type_names[i], image, got == 1, &info);
        else
            json_array_append_new(rows, image_to_json(job_type_names[i], image, got == 1, &info));
        image_info_clear(&info);
    }
    return 0;
}

static int run_list(struct invocation *invocation)
{
    bool is_json = invocation_choice(invocation, "format", LIST_TABLE) == LIST_JSON;
    g_autoptr(listing) table = is_json ? NULL : listing_new(columns, G_N_ELEMENTS(columns));
    g_autoptr(json_t) rows = json_array();
    g_autoptr(GError) error = NULL;
    g_autoptr(engine) engine = NULL;

    if (!invocation_settings(invocation))
        return 2;
    engine = engine_open(&error);
    if (!engine)
        return report_error(error);
    int status = list_images(invocation, engine, table, rows);
    if (status == 0 && is_json)
        print_json(rows);
    else if (status == 0)
        listing_print(table);
    return status;
}

static const struct option list_options[] = {
    {"format", 0, "FORMAT", "how to print them", false, list_format_names},
    {NULL},
};

extern const struct command cmd_docker_list;
const struct command cmd_docker_list = {
    .name = "docker list",
    .operands = "",
    .purpose = "List the images of workers: which are wanted, and which are here.",
    .example = "clx docker list --format=json",
    .options = list_options,
    .run = run_list,
};

/* ---- pull and push ---- */

static bool pull_one(struct invocation *invocation, struct engine *engine, const char *type, const char *image, struct voice *voice,
                     GError **error)
{
    bool is_local = g_str_has_prefix(image, "localhost/");

    if (is_local && invocation->operands->len == 0) {
        report_done(invocation, "%s is made here, there is nothing to pull\n", image);
        return true;
    }
    if (is_local) {
        g_set_error(
            error, CLX_ERROR, CLX_ERROR_USAGE,
            "%s is made here, there is nothing to pull\nrun 'clx docker build %s', or name another image in worker_management.%s.image",
            image, type, type);
        return false;
    }
    if (!image_pull(engine, image, say, voice, error)) {
        g_prefix_error(error, "cannot pull %s: ", image);
        return false;
    }
    close_line(voice);
    tell_made(invocation, engine, image, "pulled");
    return true;
}

static int run_pull(struct invocation *invocation)
{
    return for_each_type(invocation, pull_one);
}

extern const struct command cmd_docker_pull;
const struct command cmd_docker_pull = {
    .name = "docker pull",
    .operands = "[TYPE...]",
    .purpose = "Fetch the images of workers that the configuration names.",
    .example = "clx docker pull notebook",
    .max_operands = -1,
    .run = run_pull,
    .choices = job_type_names,
};

/* "localhost/clx-notebook:latest" to "host/team": "host/team/clx-notebook:latest". */
static char *choose_target(const struct invocation *invocation, const char *image)
{
    const char *to = invocation_option(invocation, "to"), *slash = strrchr(image, '/');

    return to ? g_strdup_printf("%s/%s", to, slash ? slash + 1 : image) : g_strdup(image);
}

static bool push_one(struct invocation *invocation, struct engine *engine, const char *type, const char *image, struct voice *voice,
                     GError **error)
{
    g_autofree char *target = choose_target(invocation, image);

    if (g_str_has_prefix(target, "localhost/")) {
        g_set_error(error, CLX_ERROR, CLX_ERROR_USAGE, "%s belongs to no registry\nsay where it goes: --to=HOST/FOLDER", image);
        return false;
    }
    if (!image_push(engine, image, target, say, voice, error)) {
        g_prefix_error(error, "cannot push %s: ", target);
        return false;
    }
    close_line(voice);
    report_done(invocation, "pushed %s\n", target);
    return true;
}

static int run_push(struct invocation *invocation)
{
    return for_each_type(invocation, push_one);
}

static const struct option push_options[] = {
    {"to", 0, "HOST/FOLDER", "registry and folder, with the images' own names below"},
    {NULL},
};

extern const struct command cmd_docker_push;
const struct command cmd_docker_push = {
    .name = "docker push",
    .operands = "[TYPE...]",
    .purpose = "Send the images of workers to a registry.",
    .example = "clx docker push --to=registry.example.org/teaching",
    .options = push_options,
    .max_operands = -1,
    .run = run_push,
    .choices = job_type_names,
};
