/*
 * str: text: a growing buffer, strict numbers, nearest names, hash keys. Nothing here follows the
 * locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text. {0} is empty and ready. The holder releases it with str_fini. */
struct str {
    char *text; /* NUL-terminated, or NULL when nothing was added */
    size_t length;
    size_t capacity;
};

void str_add(struct str *str, const char *text);
void str_add_bytes(struct str *str, const char *bytes, size_t count);
void str_format(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Its text, "" when empty; borrowed until the next change. */
const char *str_text(const struct str *str);
/* Length 0, memory kept. */
void str_clear(struct str *str);
void str_fini(struct str *str);

/* Same text? Both may be NULL; NULL equals NULL alone. */
bool str_equal(const char *a, const char *b);
bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);

/*
 * Strict decimal numbers: the whole text, no leading or trailing blanks, '.' as the point, no hex,
 * no inf, no nan, no overflow. Return 0, or -1 with *out untouched.
 */
int str_parse_double(const char *text, double *out);
int str_parse_int(const char *text, int64_t *out);

/*
 * The name out of count that is nearest to text, by edit distance; NULL when none is near enough to
 * be worth a "did you mean". Borrows from names; ties go to the first.
 */
const char *str_nearest(const char *text, const char *const *names, size_t count);

/* "job" of 1, "jobs" of any other number: what goes behind a count; one of the two. */
const char *str_plural(int64_t count, const char *one, const char *many);

/* A 64-bit hash (FNV-1a) that is the same on every run and machine. */
uint64_t str_hash(const char *text);

/* 1234567.8 as "1,234,568" with `decimals` digits after the point; into buffer of `size` bytes. */
const char *str_grouped(double value, int decimals, char *buffer, size_t size);

/* How many columns a UTF-8 text takes on a terminal (code points; none of ours are wide). */
size_t str_columns(const char *text);

/* Split at spaces, tabs and newlines, in place; fills words, returns how many there are (also
 * those past max). */
size_t str_split(char *text, char **words, size_t max);

#endif
