#include "base/faults.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_BYTES_MAX = 1000, /* of one fault, without its place */
    FILE_BYTES_MAX = 400,
    ERR_LINE_BYTES = 460 /* of a line in an err, so that the count behind it fits too */
};

/* Characters that a terminal would act upon, or that turn or hide what stands beside them. */
struct code_range {
    uint32_t first, last;
};

static const struct code_range UNPRINTABLE[] = {
    {0x00, 0x1F},     /* C0 */
    {0x7F, 0x9F},     /* DEL and C1 */
    {0x200B, 0x200F}, /* no width; direction marks */
    {0x2028, 0x202E}, /* line ends; direction */
    {0x2060, 0x206F},
    {0xFEFF, 0xFEFF},
    {0xFFF9, 0xFFFF},
    {0xE0000, 0xE0FFF},
};

static bool is_printable(uint32_t code)
{
    for (size_t i = 0; i < sizeof UNPRINTABLE / sizeof *UNPRINTABLE; i++)
        if (code >= UNPRINTABLE[i].first && code <= UNPRINTABLE[i].last)
            return false;
    return true;
}

/* What came from a file may hold anything; a fault is one printable line. */
static void add_printable(struct str *line, const char *text, size_t max_bytes)
{
    size_t length = strlen(text);
    size_t shown = utf8_cut(text, max_bytes);

    for (size_t at = 0; at < shown;) {
        uint32_t code = 0;
        size_t taken = utf8_decode(text + at, shown - at, &code);

        if (taken > 0 && is_printable(code))
            str_add_bytes(line, text + at, taken);
        else
            str_add(line, strchr("\t\n\v\f\r", text[at]) != NULL ? " " : "?");
        at += taken > 0 ? taken : 1;
    }
    if (shown < length)
        str_add(line, "...");
}

static bool is_kept(const struct faults *faults, uint64_t hash, const char *text)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->list[i].hash == hash && str_equal(faults->list[i].text, text))
            return true;
    return false;
}

/* "file:line: warning: text" */
static struct fault build(
    enum fault_level level, struct where where, const char *format, va_list args)
{
    char text[TEXT_BYTES_MAX + 5]; /* with room to see that it was longer */
    struct fault fault = {.level = level, .line = where.line > 0 ? where.line : 0};
    struct str line = {0};

    (void)vsnprintf(text, sizeof text, format, args);
    str_add(&line, "");
    if (where.file != NULL) {
        add_printable(&line, where.file, FILE_BYTES_MAX);
        fault.file_bytes = line.length;
        if (fault.line > 0)
            str_format(&line, ":%ld", fault.line);
        str_add(&line, ": ");
    }
    if (level == FAULT_WARNING)
        str_add(&line, "warning: ");
    add_printable(&line, text, TEXT_BYTES_MAX);
    fault.text = line.text;
    fault.hash = str_hash(line.text);
    return fault;
}

static void keep(struct faults *faults, enum fault_level level, struct where where,
    const char *format, va_list args)
{
    size_t *level_count = level == FAULT_ERROR ? &faults->error_count : &faults->warning_count;
    struct fault fault;

    if (*level_count >= FAULTS_MAX) {
        ++*level_count;
        return;
    }
    fault = build(level, where, format, args);
    if (is_kept(faults, fault.hash, fault.text)) {
        mem_free(fault.text);
        return;
    }
    ++*level_count;
    faults->list = mem_grow(faults->list, faults->count, &faults->capacity, sizeof *faults->list);
    faults->list[faults->count++] = fault;
}

int faults_error(struct faults *faults, struct where where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    keep(faults, FAULT_ERROR, where, format, args);
    va_end(args);
    return -1;
}

void faults_warning(struct faults *faults, struct where where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    keep(faults, FAULT_WARNING, where, format, args);
    va_end(args);
}

bool faults_is_full(const struct faults *faults)
{
    return faults->error_count >= FAULTS_MAX;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* By file, line, and then as they came: both stand in one list. */
static int compare_faults(const void *a, const void *b)
{
    const struct fault *left = *(const struct fault *const *)a;
    const struct fault *right = *(const struct fault *const *)b;
    size_t shorter = left->file_bytes < right->file_bytes ? left->file_bytes : right->file_bytes;
    int order = strncmp(left->text, right->text, shorter);

    if (order == 0)
        order = compare_sizes(left->file_bytes, right->file_bytes);
    if (order == 0)
        order = (left->line > right->line) - (left->line < right->line);
    return order != 0 ? order : (left > right) - (left < right);
}

static void print_count(size_t count, const char *what, FILE *stream)
{
    (void)fprintf(stream, "%zu %s%s", count, what, str_plural((int64_t)count, "", "s"));
    if (count > FAULTS_MAX)
        (void)fprintf(stream, " (the first %d are shown)", FAULTS_MAX);
}

void faults_print(const struct faults *faults, FILE *stream)
{
    const struct fault **order = mem_zero(faults->count, sizeof *order);

    for (size_t i = 0; i < faults->count; i++)
        order[i] = &faults->list[i];
    qsort(order, faults->count, sizeof *order, compare_faults);
    for (size_t i = 0; i < faults->count; i++)
        (void)fprintf(stream, "%s\n", order[i]->text);
    mem_free(order);
    if (faults->error_count > 0)
        print_count(faults->error_count, "error", stream);
    if (faults->error_count > 0 && faults->warning_count > 0)
        (void)fputs(", ", stream);
    if (faults->warning_count > 0)
        print_count(faults->warning_count, "warning", stream);
    if (faults->error_count + faults->warning_count > 0)
        (void)fputc('\n', stream);
}

int faults_to_err(const struct faults *faults, struct err *err)
{
    for (size_t i = 0; i < faults->count; i++) {
        const char *text = faults->list[i].text;

        if (faults->list[i].level != FAULT_ERROR)
            continue;
        if (faults->error_count == 1)
            return err_set(err, ERR_INPUT, "%s", text);
        return err_set(err, ERR_INPUT, "%.*s (and %zu more)", (int)utf8_cut(text, ERR_LINE_BYTES),
            text, faults->error_count - 1);
    }
    return 0;
}

void faults_fini(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        mem_free(faults->list[i].text);
    mem_free(faults->list);
    *faults = (struct faults){0};
}
