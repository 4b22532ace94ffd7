/* Attributes by tables, and which elements may stand in which. */
#include "base/xml.h"

#include "base/date.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xml_private.h"

#include <ctype.h>
#include <string.h>

enum {
    ID_MAX = 64,
    ID_LIST_MAX = 10000,
    SHOWN_MAX = 80, /* bytes of a value or name in a message */
    KNOWN_MAX = 16, /* names in a list of what there is */
    NAMES_MAX = 64
};

struct shown {
    char text[SHOWN_MAX + 4];
};

/* A value as messages show it. */
static struct shown show(const char *value)
{
    struct shown shown;
    size_t length = utf8_cut(value, SHOWN_MAX);

    (void)snprintf(shown.text, sizeof shown.text, "%.*s%s", (int)length, value,
        value[length] != '\0' ? "..." : "");
    return shown;
}

/* "a, b, c", and how many more past KNOWN_MAX. */
static void add_names(struct str *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && i < KNOWN_MAX; i++)
        str_format(text, "%s%s", i > 0 ? ", " : "", names[i]);
    if (count > KNOWN_MAX)
        str_format(text, " and %zu more", count - KNOWN_MAX);
}

static size_t count_names(const char *const *names)
{
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    return count;
}

/* --- Values */

struct reading {
    const struct xml_node *node;
    const struct xml_field *field;
    struct arena *arena;
    struct faults *faults;
};

static int bad_value(const struct reading *r, const char *value, const char *what)
{
    return xml_fault(
        r->node, r->faults, "attribute '%s' is '%s'; %s", r->field->name, show(value).text, what);
}

static bool is_id(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > ID_MAX || !isalnum((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL)
            return false;
    return true;
}

static const char ID_RULE[] =
    "an id is at most 64 letters, digits, '.', '_' or '-', and starts with a letter or digit";

static int read_text(const struct reading *r, const char *value, void *field)
{
    if (*value == '\0' && r->field->type == XML_TEXT)
        return bad_value(r, value, "it can't be empty");
    if (r->field->type == XML_ID && !is_id(value))
        return bad_value(r, value, ID_RULE);
    *(const char **)field = arena_copy_text(r->arena, value);
    return 0;
}

static int read_ids(const struct reading *r, const char *value, void *field)
{
    char *copy = arena_copy_text(r->arena, value);
    size_t count = str_split(copy, NULL, 0);
    char **words;

    if (count == 0)
        return bad_value(r, value, "give one or more ids, separated by blanks");
    if (count > ID_LIST_MAX)
        return bad_value(r, value, "that is too many ids; at most 10000 are read");
    words = arena_zero(r->arena, count, sizeof *words);
    copy = arena_copy_text(r->arena, value);
    (void)str_split(copy, words, count);
    for (size_t i = 0; i < count; i++)
        if (!is_id(words[i]))
            return bad_value(r, words[i], ID_RULE);
    *(struct xml_ids *)field = (struct xml_ids){(const char *const *)words, count};
    return 0;
}

static int check_range(const struct reading *r, const char *value, double number)
{
    double min = r->field->min;
    double max = r->field->max;

    /* Both 0 is no range. */
    if (!(min < 0 || max > 0 || min > max) || (number >= min && number <= max))
        return 0;
    if (number < 0 && !(min < 0))
        return bad_value(r, value, "it can't be negative");
    return xml_fault(r->node, r->faults, "attribute '%s' is '%s'; it must be from %.10g to %.10g",
        r->field->name, show(value).text, min, max);
}

/* A comma may stand for the point or between thousands: say how it is written. */
static int fault_comma(const struct reading *r, const char *value)
{
    const char *comma = strchr(value, ',');
    struct str with_point = {0};
    struct str text = {0};
    double number;

    str_add_bytes(&with_point, value, (size_t)(comma - value));
    str_format(&with_point, ".%s", comma + 1);
    str_add(&text, "that is not a number; write ");
    if (str_parse_double(str_text(&with_point), &number) != 0)
        str_add(&text, "it without commas, as 2.5 or 3900000");
    else if (strlen(comma + 1) == 3)
        str_format(&text, "%s with a point, or without the comma if it parts thousands",
            show(str_text(&with_point)).text);
    else
        str_format(&text, "%s with a point", show(str_text(&with_point)).text);
    (void)bad_value(r, value, str_text(&text));
    str_fini(&with_point);
    str_fini(&text);
    return -1;
}

/* Only what numbers are made of, so that it is one that does not fit, or a slip in one. */
static bool is_like_number(const char *value)
{
    size_t length = strlen(value);

    return length > 0 && strspn(value, "0123456789+-.eE") == length &&
           isdigit((unsigned char)value[length - 1]);
}

static int read_number(const struct reading *r, const char *value, void *field)
{
    double number = 0;

    if (str_parse_double(value, &number) != 0) {
        if (strchr(value, ',') != NULL)
            return fault_comma(r, value);
        return bad_value(r, value,
            is_like_number(value) ? "that is no number, or too large a one; write it as 2.5 or 1e9"
                                  : "that is not a finite number; write it as 2.5 or 1e9");
    }
    if (check_range(r, value, number) != 0)
        return -1;
    *(double *)field = number;
    return 0;
}

static int read_count(const struct reading *r, const char *value, void *field)
{
    int64_t number = 0;

    if (str_parse_int(value, &number) != 0) {
        bool is_digits = *value != '\0' && strspn(value, "0123456789") == strlen(value);

        return bad_value(r, value,
            is_digits ? "that is too large" : "that is not a whole number; write it as 12");
    }
    if (check_range(r, value, (double)number) != 0)
        return -1;
    *(int64_t *)field = number;
    return 0;
}

static int read_month(const struct reading *r, const char *value, void *field)
{
    if (date_parse_month(value, field) != 0)
        return bad_value(r, value, "write a month as 2026-01");
    return 0;
}

static int read_instant(const struct reading *r, const char *value, void *field)
{
    if (date_parse_instant(value, field) != 0)
        return bad_value(r, value, "write a time as 2026-12-24T00:00:00Z");
    return 0;
}

static int find_choice(
    const struct reading *r, const char *value, const char *const *choices, int *out)
{
    size_t count = count_names(choices);
    const char *nearest;
    struct str text = {0};
    int rc;

    for (size_t i = 0; i < count; i++)
        if (str_equal(choices[i], value)) {
            *out = (int)i;
            return 0;
        }
    nearest = str_nearest(value, choices, count);
    str_add(&text, "it is one of ");
    add_names(&text, choices, count);
    if (nearest != NULL)
        str_format(&text, "; did you mean %s?", nearest);
    rc = bad_value(r, value, str_text(&text));
    str_fini(&text);
    return rc;
}

static int read_choice(const struct reading *r, const char *value, void *field)
{
    return find_choice(r, value, r->field->choices, field);
}

static int read_yes_no(const struct reading *r, const char *value, void *field)
{
    static const char *const YES_NO[] = {"no", "yes", NULL};
    int choice = 0;

    if (find_choice(r, value, YES_NO, &choice) != 0)
        return -1;
    *(bool *)field = choice == 1;
    return 0;
}

/* By enum xml_type. */
static const struct {
    int (*read)(const struct reading *r, const char *value, void *field);
    const char *what; /* to write where it is missing */
} TYPES[] = {
    [XML_TEXT] = {read_text, "a text"},
    [XML_ANY_TEXT] = {read_text, "a text"},
    [XML_ID] = {read_text, "an id"},
    [XML_IDS] = {read_ids, "ids, separated by blanks"},
    [XML_NUMBER] = {read_number, "a number"},
    [XML_COUNT] = {read_count, "a whole number"},
    [XML_MONTH] = {read_month, "a month as 2026-01"},
    [XML_INSTANT] = {read_instant, "a time as 2026-12-24T00:00:00Z"},
    [XML_YES_NO] = {read_yes_no, "yes or no"},
    [XML_CHOICE] = {read_choice, "one of "},
};

/* --- Names */

/* "did you mean x?", or what there is. */
static int fault_unknown(const struct xml_node *node, struct faults *faults, const char *what,
    const char *name, const char *const *names, size_t count)
{
    struct str text = {0};
    const char *nearest;

    if (faults_is_full(faults)) /* looking for the nearest takes its time */
        return xml_fault(node, faults, "%s is not known", what);
    nearest = str_nearest(name, names, count);
    if (nearest != NULL) {
        str_format(&text, "did you mean %s?", nearest);
    } else if (count > 0) {
        str_add(&text, "known: ");
        add_names(&text, names, count);
    } else {
        str_add(&text, "there can be none");
    }
    (void)xml_fault(node, faults, "%s is not known here; %s", what, str_text(&text));
    str_fini(&text);
    return -1;
}

static int fault_unknown_attribute(const struct xml_node *node, const char *name,
    const struct xml_field *fields, size_t field_count, struct faults *faults)
{
    const char *names[NAMES_MAX];
    size_t count = field_count < NAMES_MAX ? field_count : NAMES_MAX;
    char what[SHOWN_MAX + 32];

    for (size_t i = 0; i < count; i++)
        names[i] = fields[i].name;
    (void)snprintf(what, sizeof what, "attribute '%s'", show(name).text);
    return fault_unknown(node, faults, what, name, names, count);
}

static int fault_missing(
    const struct xml_node *node, const struct xml_field *field, struct faults *faults)
{
    struct str text = {0};

    str_add(&text, TYPES[field->type].what);
    if (field->type == XML_CHOICE)
        add_names(&text, field->choices, count_names(field->choices));
    (void)xml_fault(node, faults, "attribute '%s' is missing; write %s=\"…\", %s", field->name,
        field->name, str_text(&text));
    str_fini(&text);
    return -1;
}

static const struct xml_field *find_field(
    const struct xml_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static int read_attribute(const xmlAttr *attribute, const struct reading *all,
    const struct xml_field *fields, size_t field_count, void *out)
{
    const char *name = (const char *)attribute->name;
    struct reading reading = *all;

    if (attribute->ns != NULL)
        return xml_fault(all->node, all->faults,
            "attribute '%s' has the prefix of another namespace; take it out", show(name).text);
    reading.field = find_field(fields, field_count, name);
    if (reading.field == NULL)
        return fault_unknown_attribute(all->node, name, fields, field_count, all->faults);
    return TYPES[reading.field->type].read(
        &reading, xml_value(attribute), (unsigned char *)out + reading.field->offset);
}

int xml_read(const struct xml_node *node, const struct xml_field *fields, size_t field_count,
    void *out, struct arena *arena, struct faults *faults)
{
    const struct reading reading = {node, NULL, arena, faults};
    int rc = 0;

    for (const xmlAttr *a = xml_to(node)->properties; a != NULL; a = a->next)
        if (read_attribute(a, &reading, fields, field_count, out) != 0)
            rc = -1;
    for (size_t i = 0; i < field_count; i++)
        if (fields[i].need == XML_REQUIRED && xml_attribute(node, fields[i].name) == NULL)
            rc = fault_missing(node, &fields[i], faults);
    return rc;
}

/* --- Children */

/* Blanks do not count. */
static const char *stray_text(const xmlNode *child)
{
    const char *text = (const char *)child->content;

    if ((child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE) || text == NULL)
        return NULL;
    text += strspn(text, " \t\r\n");
    return *text != '\0' ? text : NULL;
}

static int check_child(
    const struct xml_node *child, const char *const *names, size_t count, struct faults *faults)
{
    const char *name = xml_name(child);
    const char *parent = xml_name(xml_parent(child));
    char what[2 * SHOWN_MAX + 32];

    if (!xml_is_ours(xml_to(child)))
        return xml_fault(child, faults,
            "it is not in namespace " XML_NAMESPACE "; take it out, or its xmlns or prefix");
    for (size_t i = 0; i < count; i++)
        if (str_equal(names[i], name))
            return 0;
    (void)snprintf(what, sizeof what, "element '%s' in <%s>", show(name).text, show(parent).text);
    return fault_unknown(child, faults, what, name, names, count);
}

int xml_check_children(
    const struct xml_node *node, const char *const *names, bool has_text, struct faults *faults)
{
    size_t count = count_names(names);
    int rc = 0;

    for (const xmlNode *child = xml_to(node)->children; child != NULL; child = child->next) {
        const char *text = has_text ? NULL : stray_text(child);

        if (text != NULL)
            rc = xml_fault(
                node, faults, "the text '%s' stands in it; take it out", show(text).text);
        if (child->type == XML_ELEMENT_NODE &&
            check_child(xml_from(child), names, count, faults) != 0)
            rc = -1;
    }
    return rc;
}
