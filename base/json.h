/*
 * json: JSON in the order it is written, numbers with 17 digits, and reading it back. The one user
 * of jansson.
 *
 * Writing: a writer holds one document; open and close objects and arrays, add members. `key` is
 * NULL inside arrays and for the outermost value. Misuse (a key in an array, none in an object) is
 * an assertion. Non-finite numbers become null.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct json_writer;
struct json_value;

struct json_writer *json_writer_create(void);
void json_writer_destroy(struct json_writer *writer);

void json_open_object(struct json_writer *writer, const char *key);
void json_open_array(struct json_writer *writer, const char *key);
void json_close(struct json_writer *writer);
void json_text(struct json_writer *writer, const char *key, const char *text); /* NULL: null */
void json_number(struct json_writer *writer, const char *key, double number);
void json_count(struct json_writer *writer, const char *key, int64_t count);
void json_bool(struct json_writer *writer, const char *key, bool value);
void json_none(struct json_writer *writer, const char *key); /* null */

/* The finished document, all of it closed: a line for each member of the outermost object, and one
 * for each element of the lists in it that hold objects or lists. Flushes the stream. -1: could not
 * be written (disk full, closed pipe). */
int json_print(const struct json_writer *writer, FILE *stream, struct err *err);
/* The same as text without newlines; gives (mem_free). */
char *json_to_text(const struct json_writer *writer);

/* Reading: a parsed document, released with json_destroy; the values in it are borrowed. An error
 * names the line ("3: ..."), and the file where there is one ("FILE:3: ..."). */
struct json_value *json_load(const char *path, size_t max_bytes, struct err *err);
struct json_value *json_parse(const char *text, size_t count, struct err *err);
void json_destroy(struct json_value *root);

const struct json_value *json_member(const struct json_value *object, const char *key);
size_t json_length(const struct json_value *array); /* 0 for what is no array */
const struct json_value *json_at(const struct json_value *array, size_t index);
/* Text, or NULL for what is no text. */
const char *json_get_text(const struct json_value *value);
/* The number, or fallback for what is no number (NULL included). */
double json_get_number(const struct json_value *value, double fallback);
bool json_get_bool(const struct json_value *value, bool fallback);

#endif
