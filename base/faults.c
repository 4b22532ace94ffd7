#include "base/faults.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_LINE_MAX = 1000 };

/* What came from a file may hold anything; a fault is one printable line. */
static void make_printable(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = ' ';
}

static void keep(struct faults *faults, enum fault_level level, struct where where,
    const char *format, va_list args)
{
    char text[FAULT_LINE_MAX];
    struct str line = {0};
    size_t kept_of_level = 0;
    int length = vsnprintf(text, sizeof text, format, args);

    if (length >= (int)sizeof text)
        memcpy(text + sizeof text - 4, "...", 4);
    make_printable(text);
    if (where.file != NULL && where.line > 0)
        str_format(&line, "%s:%ld: ", where.file, where.line);
    else if (where.file != NULL)
        str_format(&line, "%s: ", where.file);
    str_format(&line, "%s%s", level == FAULT_WARNING ? "warning: " : "", text);
    for (size_t i = 0; i < faults->count; i++) {
        kept_of_level += faults->list[i].level == level;
        if (str_equal(faults->list[i].text, line.text)) {
            str_fini(&line);
            return;
        }
    }
    if (level == FAULT_ERROR)
        faults->error_count++;
    else
        faults->warning_count++;
    if (kept_of_level >= FAULTS_MAX) {
        str_fini(&line);
        return;
    }
    faults->list = mem_grow(faults->list, faults->count, &faults->capacity, sizeof *faults->list);
    faults->list[faults->count++] = (struct fault){level, line.text, where.line};
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

/* The part before the line number, to keep files together. */
static size_t file_length(const struct fault *fault)
{
    const char *colon = strchr(fault->text, ':');

    return fault->line > 0 && colon != NULL ? (size_t)(colon - fault->text) : 0;
}

static int compare_faults(const void *a, const void *b)
{
    const struct fault *left = *(const struct fault *const *)a;
    const struct fault *right = *(const struct fault *const *)b;
    size_t left_length = file_length(left);
    size_t right_length = file_length(right);
    int order = strncmp(
        left->text, right->text, left_length < right_length ? left_length : right_length);

    if (order == 0)
        order = (left_length > right_length) - (left_length < right_length);
    if (order == 0)
        order = (left->line > right->line) - (left->line < right->line);
    return order != 0 ? order : (left > right) - (left < right);
}

void faults_print(const struct faults *faults, FILE *stream)
{
    const struct fault **order = mem_zero(faults->count, sizeof *order);
    const char *comma = "";

    for (size_t i = 0; i < faults->count; i++)
        order[i] = &faults->list[i];
    qsort(order, faults->count, sizeof *order, compare_faults);
    for (size_t i = 0; i < faults->count; i++)
        (void)fprintf(stream, "%s\n", order[i]->text);
    mem_free(order);
    if (faults->error_count > 0) {
        (void)fprintf(
            stream, "%zu error%s", faults->error_count, faults->error_count == 1 ? "" : "s");
        comma = ", ";
    }
    if (faults->warning_count > 0)
        (void)fprintf(stream, "%s%zu warning%s", comma, faults->warning_count,
            faults->warning_count == 1 ? "" : "s");
    if (faults->error_count + faults->warning_count > 0)
        (void)fputc('\n', stream);
}

int faults_to_err(const struct faults *faults, struct err *err)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->list[i].level == FAULT_ERROR) {
            if (faults->error_count > 1)
                return err_set(err, ERR_INPUT, "%s (and %zu more)", faults->list[i].text,
                    faults->error_count - 1);
            return err_set(err, ERR_INPUT, "%s", faults->list[i].text);
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
