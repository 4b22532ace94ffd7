#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* By the first byte: how many bytes, and the least code point that needs so many. */
struct lead {
    unsigned char mask, value;
    size_t bytes;
    uint32_t least;
};

static const struct lead LEADS[] = {
    {0x80, 0x00, 1, 0},
    {0xE0, 0xC0, 2, 0x80},
    {0xF0, 0xE0, 3, 0x800},
    {0xF8, 0xF0, 4, 0x10000},
};

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t utf8_decode(const char *bytes, size_t count, uint32_t *code)
{
    unsigned char first = (unsigned char)bytes[0];

    for (size_t i = 0; i < sizeof LEADS / sizeof *LEADS; i++) {
        const struct lead *lead = &LEADS[i];
        uint32_t value = first & (unsigned char)~lead->mask;

        if ((first & lead->mask) != lead->value)
            continue;
        if (lead->bytes > count)
            return 0;
        for (size_t k = 1; k < lead->bytes; k++) {
            if (!is_continuation(bytes[k]))
                return 0;
            value = value << 6 | ((unsigned char)bytes[k] & 0x3F);
        }
        if (value < lead->least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
            return 0;
        *code = value;
        return lead->bytes;
    }
    return 0;
}

size_t utf8_valid_bytes(const char *bytes, size_t count)
{
    size_t at = 0;

    while (at < count) {
        uint32_t code;
        size_t taken;

        if ((unsigned char)bytes[at] < 0x80) {
            at++;
            continue;
        }
        taken = utf8_decode(bytes + at, count - at, &code);
        if (taken == 0)
            break;
        at += taken;
    }
    return at;
}

size_t utf8_cut(const char *text, size_t max_bytes)
{
    size_t length = strnlen(text, max_bytes + 1);
    size_t cut = max_bytes;

    if (length <= max_bytes)
        return length;
    /* Back over what belongs to the character that would be cut; three bytes at most. */
    while (cut > 0 && max_bytes - cut < 3 && is_continuation(text[cut]))
        cut--;
    return is_continuation(text[cut]) ? max_bytes : cut;
}
