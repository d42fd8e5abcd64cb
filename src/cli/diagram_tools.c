#include "cli/diagram_tools.h"

#include "base/glossary.h"

struct drawio_settings drawio_options(const struct settings *settings)
{
    return (struct drawio_settings){
        .renderer =
            (enum drawio_renderer)glossary_find(drawio_renderer_names, settings_get_text(settings, "external_tools.drawio_renderer")),
        .executable = settings_get_text(settings, "external_tools.drawio_executable"),
        .chromium = settings_get_text(settings, "external_tools.chromium"),
        .application = settings_get_text(settings, "external_tools.drawio_application"),
    };
}
