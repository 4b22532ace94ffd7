#include "base/json.h"

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static const size_t DUMP_FLAGS = JSON_ENCODE_ANY | JSON_REAL_PRECISION(17);

/* Writing. The document grows as jansson values; `open` are the containers not yet closed,
 * borrowed from the document. */

struct json_writer {
    json_t *root;
    json_t **open;
    size_t open_count;
    size_t open_capacity;
};

struct json_writer *json_writer_create(void)
{
    return mem_zero(1, sizeof(struct json_writer));
}

void json_writer_destroy(struct json_writer *writer)
{
    if (writer == NULL)
        return;
    json_decref(writer->root);
    mem_free(writer->open);
    mem_free(writer);
}

/* Text that is no UTF-8 (a file's name may be so) keeps its ASCII; every other byte becomes the
 * replacement character. */
static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);
    struct str mended = {0};

    if (value != NULL)
        return value;
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x80)
            str_add_bytes(&mended, c, 1);
        else
            str_add(&mended, "\xEF\xBF\xBD");
    }
    value = json_string(str_text(&mended));
    str_fini(&mended);
    return value;
}

/* Put a new value where the document is being written; takes it. */
static void add(struct json_writer *writer, const char *key, json_t *value)
{
    json_t *parent = writer->open_count > 0 ? writer->open[writer->open_count - 1] : NULL;
    int failed = 0;

    if (value == NULL)
        abort(); /* out of memory, as in mem.c */
    assert((key != NULL) == json_is_object(parent) && "a key in an object, and there alone");
    if (parent == NULL) {
        assert(writer->root == NULL && "a document is one value");
        json_decref(writer->root);
        writer->root = value;
    } else if (json_is_object(parent)) {
        assert(json_object_get(parent, key) == NULL && "a key is written once");
        failed = json_object_set_new(parent, key, value);
    } else {
        failed = json_array_append_new(parent, value);
    }
    assert(failed == 0 && "keys are UTF-8");
    (void)failed;
}

static void open_container(struct json_writer *writer, const char *key, json_t *container)
{
    add(writer, key, container);
    writer->open = mem_grow(
        writer->open, writer->open_count, &writer->open_capacity, sizeof *writer->open);
    writer->open[writer->open_count++] = container;
}

void json_open_object(struct json_writer *writer, const char *key)
{
    open_container(writer, key, json_object());
}

void json_open_array(struct json_writer *writer, const char *key)
{
    open_container(writer, key, json_array());
}

void json_close(struct json_writer *writer)
{
    assert(writer->open_count > 0);
    writer->open_count--;
}

void json_text(struct json_writer *writer, const char *key, const char *text)
{
    add(writer, key, text != NULL ? text_value(text) : json_null());
}

void json_number(struct json_writer *writer, const char *key, double number)
{
    add(writer, key, isfinite(number) ? json_real(number) : json_null());
}

void json_count(struct json_writer *writer, const char *key, int64_t count)
{
    add(writer, key, json_integer(count));
}

void json_bool(struct json_writer *writer, const char *key, bool value)
{
    add(writer, key, json_boolean(value));
}

void json_none(struct json_writer *writer, const char *key)
{
    add(writer, key, json_null());
}

/* Printing. */

static bool is_container(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

static bool holds_rows(const json_t *value)
{
    bool is_found = false;

    for (size_t i = 0; i < json_array_size(value) && !is_found; i++)
        is_found = is_container(json_array_get(value, i));
    return is_found;
}

/* Each element on a line of its own. Returns 0 or -1, as all that follow. */
static int print_rows(const json_t *array, int indent, FILE *stream)
{
    size_t count = json_array_size(array);
    int rc = 0;

    (void)fputs("[\n", stream);
    for (size_t i = 0; i < count && rc == 0; i++) {
        (void)fprintf(stream, "%*s", indent + 2, "");
        rc = json_dumpf(json_array_get(array, i), stream, DUMP_FLAGS);
        (void)fputs(i + 1 < count ? ",\n" : "\n", stream);
    }
    (void)fprintf(stream, "%*s]", indent, "");
    return rc;
}

static int print_value(const json_t *value, int indent, FILE *stream)
{
    return holds_rows(value) ? print_rows(value, indent, stream)
                             : json_dumpf(value, stream, DUMP_FLAGS);
}

static int print_members(json_t *object, FILE *stream)
{
    const char *key;
    json_t *value;
    const char *before = "{\n";
    int rc = 0;

    json_object_foreach(object, key, value)
    {
        json_t *name = json_string(key);

        (void)fprintf(stream, "%s  ", before);
        if (rc == 0)
            rc = json_dumpf(name, stream, DUMP_FLAGS);
        (void)fputs(": ", stream);
        if (rc == 0)
            rc = print_value(value, 2, stream);
        before = ",\n";
        json_decref(name);
    }
    (void)fputs("\n}", stream);
    return rc;
}

int json_print(const struct json_writer *writer, FILE *stream, struct err *err)
{
    json_t *root = writer->root;
    int rc;

    assert(root != NULL && writer->open_count == 0 && "the document is finished");
    rc = json_is_object(root) && json_object_size(root) > 0 ? print_members(root, stream)
                                                            : print_value(root, 0, stream);
    (void)fputs("\n", stream);
    if (fflush(stream) != 0 || ferror(stream) || rc != 0)
        return err_set_errno(err, "cannot write the JSON");
    return 0;
}

char *json_to_text(const struct json_writer *writer)
{
    char *text = json_dumps(writer->root, DUMP_FLAGS);

    assert(writer->root != NULL && writer->open_count == 0 && "the document is finished");
    if (text == NULL)
        abort(); /* out of memory, as in mem.c */
    return text;
}

/* Reading. A struct json_value is jansson's value under another name. */

static const json_t *inside(const struct json_value *value)
{
    return (const json_t *)value;
}

static const struct json_value *outside(const json_t *value)
{
    return (const struct json_value *)value;
}

struct json_value *json_parse(const char *text, size_t count, struct err *err)
{
    json_error_t error;
    json_t *root = json_loadb(text, count, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (root == NULL)
        (void)err_set(err, ERR_INPUT, "%d: %s", error.line, error.text);
    return (struct json_value *)root;
}

struct json_value *json_load(const char *path, size_t max_bytes, struct err *err)
{
    struct json_value *root = NULL;
    char *bytes = NULL;
    size_t count = 0;
    struct err inner = {0};

    if (file_read(path, max_bytes, &bytes, &count, err) != 0) {
        (void)err_wrap(err, "%s", path);
        goto out;
    }
    root = json_parse(bytes, count, &inner);
    if (root == NULL)
        (void)err_set(err, inner.kind, "%s:%s", path, inner.text);
out:
    mem_free(bytes);
    return root;
}

void json_destroy(struct json_value *root)
{
    json_decref((json_t *)root);
}

const struct json_value *json_member(const struct json_value *object, const char *key)
{
    return outside(json_object_get(inside(object), key));
}

size_t json_length(const struct json_value *array)
{
    return json_array_size(inside(array));
}

const struct json_value *json_at(const struct json_value *array, size_t index)
{
    return outside(json_array_get(inside(array), index));
}

const char *json_get_text(const struct json_value *value)
{
    return json_string_value(inside(value));
}

double json_get_number(const struct json_value *value, double fallback)
{
    return json_is_number(inside(value)) ? json_number_value(inside(value)) : fallback;
}

bool json_get_bool(const struct json_value *value, bool fallback)
{
    return json_is_boolean(inside(value)) ? json_is_true(inside(value)) : fallback;
}
