#include "base/str.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAREST_TEXT_MAX = 63 };

static void reserve(struct str *str, size_t more)
{
    size_t need = str->length + more + 1;

    if (need <= str->capacity)
        return;
    str->capacity = need > str->capacity * 2 ? need : str->capacity * 2;
    str->text = mem_resize(str->text, str->capacity, 1);
}

void str_add_bytes(struct str *str, const char *bytes, size_t count)
{
    reserve(str, count);
    if (count > 0)
        memcpy(str->text + str->length, bytes, count);
    str->length += count;
    str->text[str->length] = '\0';
}

void str_add(struct str *str, const char *text)
{
    str_add_bytes(str, text, strlen(text));
}

void str_format(struct str *str, const char *format, ...)
{
    va_list args;
    va_list again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    reserve(str, (size_t)length);
    (void)vsnprintf(str->text + str->length, (size_t)length + 1, format, again);
    va_end(again);
    str->length += (size_t)length;
}

const char *str_text(const struct str *str)
{
    return str->text != NULL ? str->text : "";
}

void str_clear(struct str *str)
{
    str->length = 0;
    if (str->text != NULL)
        str->text[0] = '\0';
}

void str_fini(struct str *str)
{
    mem_free(str->text);
    *str = (struct str){0};
}

bool str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool str_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix)
{
    size_t text_length = strlen(text);
    size_t length = strlen(suffix);

    return length <= text_length && strcmp(text + text_length - length, suffix) == 0;
}

int str_parse_double(const char *text, double *out)
{
    char *end = NULL;
    double value;

    /* strtod also takes blanks, hex, inf and nan: what we accept starts like a decimal number. */
    for (const char *c = text; *c != '\0'; c++)
        if (!isdigit((unsigned char)*c) && strchr("+-.eE", *c) == NULL)
            return -1;
    errno = 0;
    value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value))
        return -1;
    *out = value;
    return 0;
}

int str_parse_int(const char *text, int64_t *out)
{
    char *end = NULL;
    long long value;

    if (!isdigit((unsigned char)text[0]) && text[0] != '-')
        return -1;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE)
        return -1;
    *out = value;
    return 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's edit distance (insert, delete, replace, swap neighbours); both at most
 * NEAREST_TEXT_MAX long. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][NEAREST_TEXT_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *now = rows[2];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);

    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *spare = before;

        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replace = last[j - 1] + (a[i - 1] != b[j - 1]);

            now[j] = smaller(replace, smaller(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[b_length];
}

const char *str_nearest(const char *text, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t length = strlen(text);
    size_t best_distance = length / 3 + 2;

    if (length > NEAREST_TEXT_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t distance;

        if (strlen(names[i]) > NEAREST_TEXT_MAX)
            continue;
        distance = edit_distance(text, names[i]);
        if (distance < best_distance && distance < strlen(names[i])) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best;
}

const char *str_plural(int64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

uint64_t str_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash;
}

const char *str_grouped(double value, int decimals, char *buffer, size_t size)
{
    char digits[384];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%.*f", decimals, value);
    size_t start = digits[0] == '-' ? 1 : 0;
    size_t whole = decimals > 0 ? length - (size_t)decimals - 1 : length;
    size_t used = 0;

    for (size_t i = 0; i < length && used + 2 < size; i++) {
        if (i > start && i < whole && (whole - i) % 3 == 0)
            buffer[used++] = ',';
        buffer[used++] = digits[i];
    }
    buffer[used] = '\0';
    return buffer;
}

size_t str_columns(const char *text)
{
    size_t columns = 0;

    for (const char *c = text; *c != '\0'; c++)
        columns += ((unsigned char)*c & 0xC0) != 0x80;
    return columns;
}

size_t str_split(char *text, char **words, size_t max)
{
    size_t count = 0;
    char *c = text;

    while (*c != '\0') {
        while (*c == ' ' || *c == '\t' || *c == '\n' || *c == '\r')
            *c++ = '\0';
        if (*c == '\0')
            break;
        if (count < max)
            words[count] = c;
        count++;
        while (*c != '\0' && strchr(" \t\n\r", *c) == NULL)
            c++;
    }
    return count;
}
