#include "diagram/picture.h"

#include <stddef.h>

const char *const picture_format_names[] = {"png", "svg", "pdf", NULL};
const char *const picture_background_names[] = {"white", "transparent", NULL};
