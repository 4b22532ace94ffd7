#include "tests/support/edit.h"

#include "base/err.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <check.h>
#include <string.h>

enum { INPUT_BYTES_MAX = 1 << 24 };

char *edit_read(const char *path)
{
    char *text = NULL;
    size_t count = 0;
    struct err err = {0};

    ck_assert_msg(
        file_read(path, INPUT_BYTES_MAX, &text, &count, &err) == 0, "%s: %s", path, err.text);
    return text;
}

char *edit_replace(const char *text, const char *find, const char *replace)
{
    const char *at = strstr(text, find);
    struct str edited = {0};

    ck_assert_msg(at != NULL, "the input has no '%s'", find);
    str_add_bytes(&edited, text, (size_t)(at - text));
    str_add(&edited, replace);
    str_add(&edited, at + strlen(find));
    return edited.text;
}

long edit_line_of(const char *text, const char *find)
{
    const char *at = strstr(text, find);
    long line = 1;

    ck_assert_msg(at != NULL, "the input has no '%s'", find);
    for (const char *c = text; c < at; c++)
        line += *c == '\n';
    return line;
}

const char *edit_find_fault(const struct faults *faults, const char *text)
{
    for (size_t i = 0; i < faults->count; i++)
        if (strstr(faults->list[i].text, text) != NULL)
            return faults->list[i].text;
    return NULL;
}

char *edit_list_faults(const struct faults *faults)
{
    struct str list = {0};

    str_add(&list, "");
    for (size_t i = 0; i < faults->count; i++)
        str_format(&list, "%s\n", faults->list[i].text);
    return list.text;
}
