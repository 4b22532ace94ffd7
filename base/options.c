#include "base/options.h"

#include "base/err.h"
#include "base/str.h"

#include <assert.h>
#include <string.h>

enum { NAMES_MAX = 64 };

#define PROGRAM "wattyard"

static const struct option *find_option(
    const struct command *command, const char *name, size_t length)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (strlen(command->options[i].name) == length &&
            strncmp(command->options[i].name, name, length) == 0)
            return &command->options[i];
    return NULL;
}

void options_full_name(const struct command *command, struct str *out)
{
    str_format(
        out, "%s%s", str_starts_with(command->name, PROGRAM) ? "" : PROGRAM " ", command->name);
}

/* `word` as given, of which the first `length` bytes are the option. */
static int unknown_option(
    const struct command *command, const char *word, size_t length, struct err *err)
{
    const char *names[NAMES_MAX] = {"help"};
    char given[64];
    size_t count = 1;
    const char *nearest = NULL;
    struct str name = {0};

    (void)snprintf(given, sizeof given, "%.*s", (int)(length < 60 ? length : 60), word);
    for (size_t i = 0; i < command->option_count && count < NAMES_MAX; i++)
        names[count++] = command->options[i].name;
    if (str_starts_with(given, "--"))
        nearest = str_nearest(given + 2, names, count);
    if (nearest != NULL) {
        (void)err_set(err, ERR_USAGE, "there is no option %s; did you mean --%s?", given, nearest);
    } else {
        options_full_name(command, &name);
        (void)err_set(err, ERR_USAGE, "there is no option %s; `%s --help` lists them", given,
            str_text(&name));
    }
    str_fini(&name);
    return -1;
}

static int set_number(
    const struct option *option, const char *value, double *field, struct err *err)
{
    double number = 0;

    if (str_parse_double(value, &number) != 0)
        return err_set(err, ERR_USAGE, "--%s: '%.60s' is not a number", option->name, value);
    if (option->min < option->max && (number < option->min || number > option->max))
        return err_set(err, ERR_USAGE, "--%s: %.60s is not from %.10g to %.10g", option->name,
            value, option->min, option->max);
    *field = number;
    return 0;
}

static int set_count(
    const struct option *option, const char *value, int64_t *field, struct err *err)
{
    int64_t number = 0;

    if (str_parse_int(value, &number) != 0)
        return err_set(err, ERR_USAGE, "--%s: '%.60s' is not a whole number", option->name, value);
    if (option->min < option->max && ((double)number < option->min || (double)number > option->max))
        return err_set(err, ERR_USAGE, "--%s: %.60s is not from %.10g to %.10g", option->name,
            value, option->min, option->max);
    *field = number;
    return 0;
}

/* "lp, fifo, easy" appended to out. */
static void add_choices(const struct option *option, struct str *out)
{
    for (int i = 0; option->choices[i] != NULL; i++)
        str_format(out, "%s%s", i > 0 ? ", " : "", option->choices[i]);
}

static int set_choice(const struct option *option, const char *value, int *field, struct err *err)
{
    struct str list = {0};

    for (int i = 0; option->choices[i] != NULL; i++) {
        if (str_equal(option->choices[i], value)) {
            *field = i;
            return 0;
        }
    }
    add_choices(option, &list);
    (void)err_set(
        err, ERR_USAGE, "--%s: '%.60s' is not one of %s", option->name, value, str_text(&list));
    str_fini(&list);
    return -1;
}

static int no_value(const struct option *option, struct err *err)
{
    struct str needed = {0};

    if (option->kind == OPTION_CHOICE)
        add_choices(option, &needed);
    else
        str_format(&needed, "--%s %s", option->name, option->value_name);
    (void)err_set(err, ERR_USAGE, "--%s needs a value: %s", option->name, str_text(&needed));
    str_fini(&needed);
    return -1;
}

static int set_option(const struct option *option, const char *value, void *out, struct err *err)
{
    void *field = (unsigned char *)out + option->offset;
    struct option_list *list;

    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)field = value;
        return 0;
    case OPTION_NUMBER:
        return set_number(option, value, field, err);
    case OPTION_COUNT:
        return set_count(option, value, field, err);
    case OPTION_CHOICE:
        return set_choice(option, value, field, err);
    case OPTION_LIST:
        list = field;
        if (list->count == OPTION_LIST_MAX)
            return err_set(
                err, ERR_USAGE, "--%s is given over %d times", option->name, OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return 0;
    }
    return -1;
}

/* Where parsing stands. */
struct parse {
    const struct command *command;
    int argc;
    char **argv;
    int next;
    void *out;
    struct err *err;
};

/* An option and its value, which may be the next word. */
static int take_option(struct parse *p, const struct option *option, const char *inline_value)
{
    if (option->kind == OPTION_FLAG) {
        if (inline_value != NULL)
            return err_set(p->err, ERR_USAGE, "--%s takes no value", option->name);
        return set_option(option, NULL, p->out, p->err);
    }
    if (inline_value == NULL && p->next >= p->argc)
        return no_value(option, p->err);
    if (inline_value == NULL)
        inline_value = p->argv[p->next++];
    return set_option(option, inline_value, p->out, p->err);
}

static int take_long(struct parse *p, const char *word)
{
    const char *name = word + 2;
    size_t length = strcspn(name, "=");
    const struct option *option = find_option(p->command, name, length);

    if (option == NULL)
        return unknown_option(p->command, word, length + 2, p->err);
    return take_option(p, option, name[length] == '=' ? name + length + 1 : NULL);
}

static int take_short(struct parse *p, const char *word)
{
    for (size_t i = 0; i < p->command->option_count; i++)
        if (p->command->options[i].letter == word[1])
            return take_option(p, &p->command->options[i], word[2] != '\0' ? word + 2 : NULL);
    return unknown_option(p->command, word, strlen(word), p->err);
}

static int check_positional(
    const struct command *command, size_t count, const char *extra, struct err *err)
{
    struct str call = {0};
    int rc = 0;

    options_full_name(command, &call);
    str_format(&call, " %s", command->arguments != NULL ? command->arguments : "[OPTION…]");
    if (count < command->positional_min)
        rc = err_set(err, ERR_USAGE, "%s is missing: %s",
            count == 0 ? "an argument" : "another argument", str_text(&call));
    else if (count > command->positional_max)
        rc = err_set(
            err, ERR_USAGE, "'%.80s' is one argument too many: %s", extra, str_text(&call));
    str_fini(&call);
    return rc;
}

enum options_result options_parse(const struct command *command, int argc, char **argv, void *out,
    const char **positional, size_t *positional_count, struct err *err)
{
    struct parse p = {command, argc, argv, 0, out, err};
    const char *extra = "";
    bool is_ended = false;
    size_t count = 0;

    while (p.next < argc) {
        const char *word = argv[p.next++];

        if (is_ended || word[0] != '-' || word[1] == '\0') {
            if (count < command->positional_max)
                positional[count] = word;
            else if (count == command->positional_max)
                extra = word;
            count++;
        } else if (str_equal(word, "--")) {
            is_ended = true;
        } else if (str_equal(word, "--help") || str_equal(word, "-h")) {
            return OPTIONS_HELP;
        } else if ((word[1] == '-' ? take_long(&p, word) : take_short(&p, word)) != 0) {
            return OPTIONS_WRONG;
        }
    }
    if (check_positional(command, count, extra, err) != 0)
        return OPTIONS_WRONG;
    *positional_count = count;
    return OPTIONS_RUN;
}

static void print_wrong_call(const struct command *command, const char *text, FILE *stream)
{
    struct str name = {0};

    options_full_name(command, &name);
    (void)fprintf(stream, "%s: %s\n", str_text(&name), text);
    str_fini(&name);
}

int options_begin(const struct command *command, int argc, char **argv, void *out,
    const char **positional, size_t *positional_count, const struct command_context *context)
{
    struct err err = {0};

    switch (options_parse(command, argc, argv, out, positional, positional_count, &err)) {
    case OPTIONS_RUN:
        return -1;
    case OPTIONS_HELP:
        options_print_help(command, context->out);
        return 0;
    case OPTIONS_WRONG:
        print_wrong_call(command, err.text, context->err);
        break;
    }
    return err_exit_status(&err);
}
