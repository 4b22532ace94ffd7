#include "base/page.h"

#include "base/embed.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

EMBED_DECLARE(chart_min_js);

static void put_escaped(const char *text, FILE *stream)
{
    for (const char *c = text; *c != '\0'; c++)
        switch (*c) {
        case '<':
            (void)fputs("&lt;", stream);
            break;
        case '>':
            (void)fputs("&gt;", stream);
            break;
        case '&':
            (void)fputs("&amp;", stream);
            break;
        case '"':
            (void)fputs("&quot;", stream);
            break;
        default:
            (void)fputc(*c, stream);
        }
}

/* "</script>" and "<!--" inside a text would end or change the script: "<" is written as its
 * escape. */
static void put_script_data(const char *json, FILE *stream)
{
    for (const char *c = json; *c != '\0'; c++)
        if (*c == '<')
            (void)fputs("\\u003c", stream);
        else
            (void)fputc(*c, stream);
}

static size_t put_slot(const char *at, const char *title, const char *json, FILE *stream)
{
    if (str_starts_with(at, "{{title}}")) {
        put_escaped(title, stream);
        return strlen("{{title}}");
    }
    if (str_starts_with(at, "{{chart.js}}")) {
        (void)fwrite(embed_chart_min_js, 1, embed_chart_min_js_bytes, stream);
        return strlen("{{chart.js}}");
    }
    if (str_starts_with(at, "{{data}}")) {
        put_script_data(json, stream);
        return strlen("{{data}}");
    }
    (void)fputs("{{", stream);
    return strlen("{{");
}

int page_write(FILE *stream, const char *template, const char *title,
    const struct json_writer *data, struct err *err)
{
    char *json = json_to_text(data);
    const char *rest = template;
    const char *slot;

    while ((slot = strstr(rest, "{{")) != NULL) {
        (void)fwrite(rest, 1, (size_t)(slot - rest), stream);
        rest = slot + put_slot(slot, title, json, stream);
    }
    (void)fputs(rest, stream);
    mem_free(json);
    if (fflush(stream) != 0 || ferror(stream))
        return err_set_errno(err, "the page can't be written");
    return 0;
}
