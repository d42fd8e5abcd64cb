/* Shapes that the original describes in XML (stencils/flowchart.xml, stencils/cisco/routers.xml, …), read from an installed application. */
#pragma once

#include "diagram/drawio/shape.h"

struct stencils; /* a folder of libraries, each read when a shape of it is asked
                    for */

/* `folder` is the one that holds the XML files or a folder "stencils" with them. */
struct stencils *stencils_new(const char *folder);
void stencils_free(struct stencils *stencils);

/* The description of "mxgraph.flowchart.decision", or NULL: there is none, or it uses what is not drawn here. `stencils` may be NULL. */
const xmlNode *stencils_find(struct stencils *stencils, const char *name);

/* The file that the original means by "img/lib/azure2/compute/Disks.svg": one of the application's that the stencils belong to. NULL when
 * it is not there, or the name is none of that kind. `stencils` may be NULL. The caller frees it. */
char *stencils_find_image(const struct stencils *stencils, const char *name);

void stencil_paint(struct canvas *canvas, const xmlNode *stencil, const struct shape *shape);
