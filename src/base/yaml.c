#include "base/yaml.h"

static void print_nothing(struct fy_diag *diag, void *user, const char *text, size_t length)
{
}

struct fy_diag *yaml_diag_new(void)
{
    struct fy_diag_cfg config;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = print_nothing;
    struct fy_diag *diag = fy_diag_create(&config);
    fy_diag_set_collect_errors(diag, true);
    return diag;
}
