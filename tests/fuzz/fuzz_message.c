/* Messages of a kernel, from their frames to outputs in a page and to the text of an error. Frames are separated by bytes 0x1e, messages by
 * 0x1d; the key is empty, so that no signature stops them. */
#include <glib.h>
#include <stdint.h>
#include <string.h>

#include "notebook/kernel/cell_outputs.h"
#include "notebook/kernel/failure.h"
#include "notebook/kernel/message.h"
#include "notebook/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GPtrArray *split(const uint8_t *data, size_t size, uint8_t separator)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (const uint8_t *end = data + size; data <= end;) {
        const uint8_t *found = data < end ? memchr(data, separator, (size_t)(end - data)) : NULL;
        const uint8_t *stop = found != NULL ? found : end;
        g_ptr_array_add(parts, g_bytes_new(data, (size_t)(stop - data)));
        data = stop + 1;
    }
    return parts;
}

static void take(GBytes *bytes, struct cell_outputs *outputs, GHashTable *displays, const struct cell *cell)
{
    gsize size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    g_autoptr(GPtrArray) frames = split(data != NULL ? data : (const uint8_t *)"", size, 0x1e);
    g_autoptr(message) message = NULL;
    if (message_parse(frames, "", &message) != 1)
        return;
    if (strcmp(message->type, "update_display_data") == 0)
        displays_update(displays, message->content);
    cell_outputs_add(outputs, message->type, message->content);
    g_autoptr(GPtrArray) cells = g_ptr_array_new();
    struct notebook notebook = {.cells = cells};
    g_ptr_array_add(cells, (struct cell *)cell);
    g_autofree char *text = failure_format(&notebook, cell, "fuzz.py", message->content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 20000)
        return 0;
    g_autoptr(GPtrArray) messages = split(data, size, 0x1d);
    g_autoptr(GHashTable) displays = displays_new();
    g_autoptr(GString) page = g_string_new(NULL);
    g_autoptr(markdown) markdown = markdown_new();
    struct cell cell = {.type = CELL_CODE, .source = (char *)"x = 1\ny = 2", .line = 3, .execution_count = 2};
    struct cell_outputs *outputs = cell_outputs_new(displays);
    for (unsigned i = 0; i < messages->len; i++)
        take(messages->pdata[i], outputs, displays, &cell);
    g_autoptr(json_t) array = cell_outputs_finish(outputs);
    mime_append_outputs(page, array, "en", markdown);
    return 0;
}
