#include "tests/support/agree.h"

#include "base/faults.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/edit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 200, NAME_SIZE = 64 };

struct names {
    char list[NAMES_MAX][NAME_SIZE];
    size_t count;
};

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_equal(names->list[i], name))
            return true;
    return false;
}

static void add_name(struct names *names, const char *text, size_t length)
{
    char name[NAME_SIZE] = {0};

    ck_assert_uint_lt(length, NAME_SIZE);
    memcpy(name, text, length);
    if (has_name(names, name))
        return;
    ck_assert_uint_lt(names->count, NAMES_MAX);
    memcpy(names->list[names->count++], name, NAME_SIZE);
}

/* What stands between each `before` and the next '"'. */
static void collect_quoted(const char *text, const char *before, struct names *out)
{
    for (const char *at = text; (at = strstr(at, before)) != NULL;) {
        at += strlen(before);
        add_name(out, at, strcspn(at, "\""));
    }
}

/* The names that the fault lists: "known: a, b", or "there can be none". */
static void collect_known(const struct faults *faults, struct names *out)
{
    static const char before[] = "'no-such-thing' is not known here; known: ";
    const char *fault = edit_find_fault(faults, before);
    const char *at;

    if (fault == NULL) {
        ck_assert_ptr_nonnull(
            edit_find_fault(faults, "'no-such-thing' is not known here; there can be none"));
        return;
    }
    for (at = strstr(fault, before) + strlen(before); *at != '\0'; at += strspn(at, ", ")) {
        add_name(out, at, strcspn(at, ","));
        at += strcspn(at, ",");
    }
}

/* Past the element's end tag where it starts here; else the same place. */
static const char *skip_element(const char *at, const char *element)
{
    size_t length = element != NULL ? strlen(element) : 0;
    const char *end = at;

    if (length == 0 || strncmp(at + 1, element, length) != 0)
        return at;
    while ((end = strstr(end, "</")) != NULL && strncmp(end + 2, element, length) != 0)
        end++;
    ck_assert_ptr_nonnull(end);
    return end + 2 + length;
}

/* The tables of all elements of the text that have an attribute there. */
static void collect_tables(
    agree_load_fn load, const char *text, const char *foreign, struct names *out)
{
    for (const char *at = text; (at = strchr(at, '<')) != NULL; at++) {
        size_t to_name_end;
        struct faults faults = {0};
        struct str changed = {0};

        at = skip_element(at, foreign);
        to_name_end = strcspn(at, " />");
        if (at[0] != '<' || at[to_name_end] != ' ')
            continue;
        str_add_bytes(&changed, text, (size_t)(at - text) + to_name_end);
        str_add(&changed, " no-such-thing=\"1\"");
        str_add(&changed, at + to_name_end);
        ck_assert(!load(changed.text, changed.length, &faults));
        collect_known(&faults, out);
        str_fini(&changed);
        faults_fini(&faults);
    }
}

void agree_check(agree_load_fn load, const char *text, const char *foreign, const char *schema_path,
    const char *page_path)
{
    char *schema = edit_read(schema_path);
    char *page = edit_read(page_path);
    struct names *by_schema = mem_zero(1, sizeof *by_schema);
    struct names *by_tables = mem_zero(1, sizeof *by_tables);
    struct faults faults = {0};

    ck_assert_msg(load(text, strlen(text), &faults), "%s",
        faults.count > 0 ? faults.list[0].text : "no fault");
    collect_quoted(schema, "<attribute name=\"", by_schema);
    collect_tables(load, text, foreign, by_tables);
    for (size_t i = 0; i < by_schema->count; i++)
        ck_assert_msg(has_name(by_tables, by_schema->list[i]), "%s: no table has '%s'", schema_path,
            by_schema->list[i]);
    for (size_t i = 0; i < by_tables->count; i++) {
        ck_assert_msg(has_name(by_schema, by_tables->list[i]), "%s has no '%s'", schema_path,
            by_tables->list[i]);
        ck_assert_msg(strstr(page, by_tables->list[i]) != NULL, "%s has no '%s'", page_path,
            by_tables->list[i]);
    }
    faults_fini(&faults);
    mem_free(by_schema);
    mem_free(by_tables);
    mem_free(schema);
    mem_free(page);
}
