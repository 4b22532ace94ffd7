/* A look at the bytes of a file before libxml2 reads them: what would cost it too much is found
 * here, and where each element begins. */
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <string.h>

/* Of a comment or CDATA; libxml2 gives up a longer one at 10 MB, and takes what follows for
 * markup. */
enum { UNBROKEN_BYTES_MAX = 1 << 20 };

struct scanner {
    const char *bytes;
    size_t count;
    size_t at;
    long line;
    int depth;
    int depth_max;
    size_t elements_left, attributes_left;
    size_t capacity;
    const struct xml_file *file;
    struct xml_scan *out;
};

/* Go on to `to`, counting lines as libxml2 does. */
static void advance(struct scanner *s, size_t to)
{
    const char *from = s->bytes + s->at;
    const char *end = s->bytes + to;

    while ((from = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        s->line++;
        from++;
    }
    s->at = to;
}

static bool stands(const struct scanner *s, const char *text)
{
    size_t length = strlen(text);

    return s->count - s->at >= length && memcmp(s->bytes + s->at, text, length) == 0;
}

/* Over what starts with `start`, here, and ends with `end`. Inside it markup is no markup, so it
 * must be something that libxml2 reads to its end too. */
static enum xml_scan_result skip(struct scanner *s, const char *start, const char *end)
{
    size_t inside = s->at + strlen(start);
    const char *found = memmem(s->bytes + inside, s->count - inside, end, strlen(end));
    size_t next = found != NULL ? (size_t)(found - s->bytes) + strlen(end) : s->count;

    if (next - s->at > UNBROKEN_BYTES_MAX)
        return XML_SCAN_TOO_LONG;
    if (str_equal(start, "<?") && memchr(s->bytes + inside, '<', next - inside) != NULL)
        return XML_SCAN_INSTRUCTION;
    advance(s, next);
    return XML_SCAN_GOOD;
}

static enum xml_scan_result add_element(struct scanner *s)
{
    struct xml_scan *out = s->out;

    if (out->element_count == s->elements_left)
        return XML_SCAN_TOO_MANY;
    if (++s->depth > s->depth_max)
        return XML_SCAN_TOO_DEEP;
    out->places = mem_grow(out->places, out->element_count, &s->capacity, sizeof *out->places);
    out->places[out->element_count++] = (struct xml_place){s->file, s->line};
    return XML_SCAN_GOOD;
}

/* The quoted value here. One that holds a '<' is not well-formed: libxml2 gives the tag up, and so
 * do we, at the '<'. */
static void skip_value(struct scanner *s)
{
    size_t at = s->at + 1;

    while (at < s->count && s->bytes[at] != s->bytes[s->at] && s->bytes[at] != '<')
        at++;
    advance(s, at < s->count && s->bytes[at] != '<' ? at + 1 : at);
}

/* The start tag here. */
static enum xml_scan_result scan_tag(struct scanner *s)
{
    enum xml_scan_result result = add_element(s);
    size_t attributes = 0;
    size_t namespaces = 0;

    if (result != XML_SCAN_GOOD)
        return result;
    advance(s, s->at + 1);
    while (s->at < s->count && s->bytes[s->at] != '<') {
        char c = s->bytes[s->at];

        namespaces += c == 'x' && stands(s, "xmlns");
        if (c == '"' || c == '\'') {
            if (++attributes > XML_ATTRIBUTES_MAX || namespaces > XML_NAMESPACES_MAX)
                return XML_SCAN_TOO_MANY_ATTRIBUTES;
            if (s->out->attribute_count == s->attributes_left)
                return XML_SCAN_TOO_MANY;
            s->out->attribute_count++;
            skip_value(s);
            continue;
        }
        advance(s, s->at + 1);
        if (c == '>') {
            s->depth -= s->bytes[s->at - 2] == '/';
            break;
        }
    }
    return XML_SCAN_GOOD;
}

/* The markup at the '<' here. */
static enum xml_scan_result scan_markup(struct scanner *s)
{
    if (stands(s, "<!DOCTYPE"))
        return XML_SCAN_DOCTYPE;
    if (stands(s, "<!--"))
        return skip(s, "<!--", "-->");
    if (stands(s, "<![CDATA["))
        return skip(s, "<![CDATA[", "]]>");
    if (stands(s, "<?"))
        return skip(s, "<?", "?>");
    if (!stands(s, "</"))
        return scan_tag(s);
    s->depth -= s->depth > 0;
    advance(s, s->at + strlen("</"));
    return XML_SCAN_GOOD;
}

/* XML has no control characters but tab and line ends, and no U+FFFE and U+FFFF. libxml2 gives up
 * comments at one, and takes what follows for markup. */
static enum xml_scan_result check_characters(struct scanner *s)
{
    for (size_t at = 0; at < s->count;) {
        uint32_t code = (unsigned char)s->bytes[at];
        size_t taken = code < 0x80 ? 1 : utf8_decode(s->bytes + at, s->count - at, &code);

        if (taken == 0)
            return XML_SCAN_NOT_UTF8;
        if ((code < ' ' && code != '\t' && code != '\n' && code != '\r') || code == 0xFFFE ||
            code == 0xFFFF)
            return XML_SCAN_CONTROL;
        s->line += code == '\n';
        at += taken;
    }
    s->line = 1;
    return XML_SCAN_GOOD;
}

enum xml_scan_result xml_scan(const char *bytes, size_t count, const struct xml_file *file,
    const struct xml_limits *limits, int depth, const struct xml_document *used,
    struct xml_scan *scan)
{
    struct scanner s = {.bytes = bytes,
        .count = count,
        .line = 1,
        .depth = depth,
        .depth_max = limits->element_depth,
        .elements_left = limits->element_count - used->element_count,
        .attributes_left = limits->element_count - used->attribute_count,
        .file = file,
        .out = scan};
    enum xml_scan_result result = check_characters(&s);

    while (result == XML_SCAN_GOOD && s.at < s.count) {
        const char *next = memchr(bytes + s.at, '<', s.count - s.at);

        advance(&s, next != NULL ? (size_t)(next - bytes) : s.count);
        if (next != NULL)
            result = scan_markup(&s);
    }
    scan->line = s.line;
    return result;
}
