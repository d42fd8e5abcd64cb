/* What a picture of a diagram is to be like; every renderer understands the same words. */
#pragma once

#include <stdbool.h>

enum picture_format { PICTURE_PNG, PICTURE_SVG, PICTURE_PDF, N_PICTURE_FORMATS };
extern const char *const picture_format_names[]; /* png, svg, pdf; NULL-terminated */

enum picture_background { PICTURE_WHITE, PICTURE_TRANSPARENT, N_PICTURE_BACKGROUNDS };
extern const char *const picture_background_names[]; /* white, transparent; NULL-terminated */

#define PICTURE_SCALE 3   /* pixels per unit of a Draw.io file, in PNG */
#define PICTURE_BORDER 20 /* units of a Draw.io file (96 to the inch) around the drawing */

struct picture_options {
    enum picture_format format;
    enum picture_background background;
    unsigned page;             /* from 1; 0 is the first one too */
    const char *const *layers; /* names or numbers (from 1) of the layers to show, NULL-terminated; NULL: those that the file shows */
    double scale;              /* of PNG; SVG and PDF keep the file's units. 0: PICTURE_SCALE */
    double border;             /* < 0: PICTURE_BORDER */
};
