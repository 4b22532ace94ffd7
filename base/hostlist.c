#include "base/hostlist.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BRACKETS_MAX = 8, DIGITS_MAX = 9 };

struct expansion {
    struct hostlist list;
    size_t capacity, max;
    struct err *err;
};

static int add_name(struct expansion *e, const char *name)
{
    if (strlen(name) >= HOSTLIST_NAME_SIZE)
        return err_set(e->err, ERR_INPUT, "the name '%.40s…' is too long", name);
    if (e->list.count >= e->max)
        return err_set(e->err, ERR_LIMIT, "it makes over %zu names", e->max);
    e->list.names = mem_grow(e->list.names, e->list.count, &e->capacity, sizeof *e->list.names);
    e->list.names[e->list.count++] = mem_copy_text(name);
    return 0;
}

static int expand_from(
    struct expansion *e, const char *prefix, const char *text, size_t length, int brackets);

/* Digits at text: their value and how many; 0 when there are none or too many. */
static size_t read_digits(const char *text, const char *end, long *value)
{
    size_t count = 0;

    *value = 0;
    while (text + count < end && isdigit((unsigned char)text[count]) && count < DIGITS_MAX)
        *value = *value * 10 + (text[count++] - '0');
    return count;
}

/* One "01-10" or "7" of a bracket; what follows the bracket is expanded for each number. */
static int expand_range(struct expansion *e, const char *prefix, const char *range,
    const char *range_end, const char *rest, size_t rest_length, int brackets)
{
    long low = 0;
    long high = 0;
    size_t width = read_digits(range, range_end, &low);
    const char *c = range + width;

    high = low;
    if (width > 0 && c < range_end && *c == '-') {
        size_t high_width = read_digits(c + 1, range_end, &high);

        c += 1 + high_width;
        if (high_width == 0)
            width = 0;
    }
    if (width == 0 || c != range_end)
        return err_set(e->err, ERR_INPUT, "'%.*s' is no range; write it as [01-10] or [1,3,7-9]",
            (int)(range_end - range < 40 ? range_end - range : 40), range);
    if (high < low)
        return err_set(e->err, ERR_INPUT, "the range %ld-%ld runs backwards", low, high);
    for (long i = low; i <= high; i++) {
        char name[HOSTLIST_NAME_SIZE + DIGITS_MAX];
        int length = snprintf(name, sizeof name, "%s%0*ld", prefix, (int)width, i);

        if (length >= HOSTLIST_NAME_SIZE)
            return err_set(e->err, ERR_INPUT, "the name '%.40s…' is too long", name);
        if (expand_from(e, name, rest, rest_length, brackets) != 0)
            return -1;
    }
    return 0;
}

static int expand_bracket(
    struct expansion *e, const char *prefix, const char *open, size_t length, int brackets)
{
    const char *close = memchr(open, ']', length);
    const char *range = open + 1;

    if (close == NULL || close == range)
        return err_set(e->err, ERR_INPUT, "a bracket is not closed, or empty; write r[01-10]");
    if (brackets == BRACKETS_MAX)
        return err_set(e->err, ERR_INPUT, "over %d brackets in one name", BRACKETS_MAX);
    while (range < close) {
        const char *comma = memchr(range, ',', (size_t)(close - range));
        const char *end = comma != NULL ? comma : close;

        if (expand_range(e, prefix, range, end, close + 1, length - (size_t)(close + 1 - open),
                brackets + 1) != 0)
            return -1;
        range = end + 1;
    }
    if (close[-1] == ',')
        return err_set(e->err, ERR_INPUT, "a range is missing after the last comma");
    return 0;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

/* The rest of one name, without commas outside brackets, behind a prefix that is done. */
static int expand_from(
    struct expansion *e, const char *prefix, const char *text, size_t length, int brackets)
{
    char name[HOSTLIST_NAME_SIZE];
    size_t used = strlen(prefix);

    memcpy(name, prefix, used);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '[') {
            name[used] = '\0';
            return expand_bracket(e, name, text + i, length - i, brackets);
        }
        if (!is_name_char(text[i]))
            return err_set(e->err, ERR_INPUT,
                "'%c' can't stand in a name; letters, digits, '.', '_', '-' and [ranges] can",
                isprint((unsigned char)text[i]) ? text[i] : '?');
        if (used + 1 >= sizeof name)
            return err_set(
                e->err, ERR_INPUT, "a name is over %d letters long", HOSTLIST_NAME_SIZE - 1);
        name[used++] = text[i];
    }
    name[used] = '\0';
    if (used == 0)
        return err_set(e->err, ERR_INPUT, "a name is empty");
    return add_name(e, name);
}

/* The length of the name at text: up to a comma outside brackets. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    bool is_inside = false;

    for (; text[length] != '\0' && (is_inside || text[length] != ','); length++)
        is_inside = text[length] == '[' || (is_inside && text[length] != ']');
    return length;
}

int hostlist_expand(const char *text, size_t max, struct hostlist *out, struct err *err)
{
    struct expansion e = {.max = max < HOSTLIST_NAMES_MAX ? max : HOSTLIST_NAMES_MAX, .err = err};

    for (;;) {
        size_t length = name_length(text);

        if (expand_from(&e, "", text, length, 0) != 0) {
            hostlist_fini(&e.list);
            return -1;
        }
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    *out = e.list;
    return 0;
}

/* --- Folding */

/* A name as prefix, number and width of the number at its end. */
struct numbered {
    size_t prefix_length;
    long number;
    size_t width; /* 0: it does not end in a number */
};

static struct numbered split_number(const char *name)
{
    size_t length = strlen(name);
    struct numbered n = {.prefix_length = length};

    while (n.prefix_length > 0 && isdigit((unsigned char)name[n.prefix_length - 1]) &&
           n.width < DIGITS_MAX) {
        n.prefix_length--;
        n.width++;
    }
    n.number = n.width > 0 ? strtol(name + n.prefix_length, NULL, 10) : 0;
    return n;
}

/* Names from `start` on that share the prefix and end in a number. */
static size_t group_end(const char *const *names, size_t count, size_t start)
{
    struct numbered first = split_number(names[start]);
    size_t end = start + 1;

    if (first.width == 0)
        return end;
    for (; end < count; end++) {
        struct numbered next = split_number(names[end]);

        if (next.width == 0 || next.prefix_length != first.prefix_length ||
            strncmp(names[start], names[end], first.prefix_length) != 0)
            break;
    }
    return end;
}

/* Names from `start` on that count up by one, written with zeros as a range writes them. */
static size_t run_end(const char *const *names, size_t end, size_t start)
{
    struct numbered first = split_number(names[start]);
    size_t run = start + 1;

    for (; run < end; run++) {
        char text[DIGITS_MAX + 12];

        (void)snprintf(
            text, sizeof text, "%0*ld", (int)first.width, first.number + (long)(run - start));
        if (strcmp(names[run] + first.prefix_length, text) != 0)
            break;
    }
    return run;
}

void hostlist_compress(const char *const *names, size_t count, struct str *out)
{
    for (size_t i = 0; i < count;) {
        size_t end = group_end(names, count, i);
        size_t prefix_length = split_number(names[i]).prefix_length;

        if (i > 0)
            str_add(out, ",");
        if (end == i + 1) {
            str_add(out, names[i++]);
            continue;
        }
        str_add_bytes(out, names[i], prefix_length);
        for (size_t k = i; k < end;) {
            size_t run = run_end(names, end, k);

            str_format(out, "%s%s", k == i ? "[" : ",", names[k] + prefix_length);
            if (run > k + 1)
                str_format(out, "-%s", names[run - 1] + prefix_length);
            k = run;
        }
        str_add(out, "]");
        i = end;
    }
}

void hostlist_fini(struct hostlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->names[i]);
    mem_free(list->names);
    *list = (struct hostlist){0};
}
