#include "agent/shim_spec.h"

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

void shim_spec_add(struct str *out, const char *key, const char *value)
{
    str_add(out, key);
    str_add(out, "=");
    str_add(out, value);
    str_add_bytes(out, "", 1);
}

void shim_spec_add_number(struct str *out, const char *key, int64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    shim_spec_add(out, key, text);
}

enum field_kind { FIELD_TEXT, FIELD_MS, FIELD_INT, FIELD_ID };

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
};

static const struct field FIELDS[] = {
    {"uid", FIELD_ID, offsetof(struct shim_spec, uid)},
    {"gid", FIELD_ID, offsetof(struct shim_spec, gid)},
    {"cpuset", FIELD_TEXT, offsetof(struct shim_spec, cpuset)},
    {"cgroup", FIELD_TEXT, offsetof(struct shim_spec, cgroup)},
    {"directory", FIELD_TEXT, offsetof(struct shim_spec, directory)},
    {"output", FIELD_TEXT, offsetof(struct shim_spec, output)},
    {"wall-ms", FIELD_MS, offsetof(struct shim_spec, wall_ms)},
    {"grace-ms", FIELD_MS, offsetof(struct shim_spec, grace_ms)},
    {"lease-ms", FIELD_MS, offsetof(struct shim_spec, lease_ms)},
    {"checkpoint-signal", FIELD_INT, offsetof(struct shim_spec, checkpoint_signal)},
    {"checkpoint-every-ms", FIELD_MS, offsetof(struct shim_spec, checkpoint_every_ms)},
    {"path", FIELD_TEXT, offsetof(struct shim_spec, path)},
};

static int damaged(struct err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "the task's spec is damaged at \"%s\"", what);
}

static int set_field(struct shim_spec *spec, const struct field *field, const char *value)
{
    char *at = (char *)spec + field->offset;
    int64_t number = 0;

    if (field->kind == FIELD_TEXT) {
        memcpy(at, &value, sizeof value);
        return 0;
    }
    if (str_parse_int(value, &number) != 0 || number < 0)
        return -1;
    if (field->kind == FIELD_MS) {
        memcpy(at, &number, sizeof number);
    } else if (number > INT32_MAX) {
        return -1;
    } else {
        int32_t small = (int32_t)number;

        memcpy(at, &small, sizeof small);
        spec->is_other_user |= field->kind == FIELD_ID;
    }
    return 0;
}

static int set_other(struct shim_spec *spec, const char *key, char *value)
{
    int64_t number = 0;

    if (strcmp(key, "arg") == 0 && spec->arg_count + 2 < SHIM_WORDS_MOST) {
        spec->args[spec->arg_count++] = value;
        return 0;
    }
    /* Room is left for what comes with go, and the end. */
    if (strcmp(key, "env") == 0 && spec->env_count + 8 < SHIM_WORDS_MOST) {
        spec->env[spec->env_count++] = value;
        return 0;
    }
    if (strcmp(key, "group") == 0 && spec->group_count < SHIM_GROUPS_MOST &&
        str_parse_int(value, &number) == 0 && number >= 0) {
        spec->groups[spec->group_count++] = (gid_t)number;
        return 0;
    }
    return -1;
}

static int set(struct shim_spec *spec, const char *key, char *value)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
        if (strcmp(FIELDS[i].key, key) == 0)
            return set_field(spec, &FIELDS[i], value);
    return set_other(spec, key, value);
}

int shim_spec_read(char *bytes, size_t count, struct shim_spec *spec, struct err *err)
{
    *spec = (struct shim_spec){
        .cpuset = "", .cgroup = "", .directory = "", .output = "", .path = NULL};
    if (count == 0 || bytes[count - 1] != '\0')
        return damaged(err, "its end");
    for (size_t at = 0, next; at < count; at = next) {
        char *line = bytes + at;
        char *equals = strchr(line, '=');

        next = at + strlen(line) + 1;
        if (equals == NULL)
            return damaged(err, line);
        *equals = '\0';
        if (set(spec, line, equals + 1) != 0)
            return damaged(err, line);
    }
    if (spec->path == NULL || spec->arg_count == 0)
        return damaged(err, "path");
    return 0;
}
