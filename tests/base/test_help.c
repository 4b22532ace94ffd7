#include "base/help.h"

#include "base/str.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8 };

static int run_plan(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    (void)fprintf(context->out, "%s runs with %d words, first %s\n", command->name, argc,
        argc > 0 ? argv[0] : "none");
    return 3;
}

static int run_help(
    const struct command *command, int argc, char **argv, const struct command_context *context);

static const struct option PLAN_OPTIONS[] = {
    {"json", 'j', OPTION_FLAG, 0, NULL, "print JSON", 0, 0, NULL},
};
static const struct command PLAN = {.name = "plan",
    .summary = "what to acquire",
    .options = PLAN_OPTIONS,
    .option_count = 1,
    .run = run_plan};
static const struct command QUEUE = {.name = "queue", .summary = "who waits", .run = run_plan};
static const struct command CANCEL = {.name = "cancel", .summary = "no more", .run = run_plan};
static const struct command HELP = {.name = "help",
    .arguments = "[NAME]",
    .summary = "a page",
    .options = HELP_OPTIONS,
    .option_count = HELP_OPTION_COUNT,
    .positional_max = 1,
    .run = run_help};

static const struct command *const PLANNING[] = {&PLAN, NULL};
static const struct command *const JOBS[] = {&QUEUE, &CANCEL, NULL};
static const struct command *const EVERYTHING[] = {&HELP, NULL};
static const struct help_group GROUPS[] = {
    {"Plan capacity", PLANNING, false},
    {"Run jobs", JOBS, true},
    {"Everything", EVERYTHING, false},
};
static const struct help_topic TOPICS[] = {
    {"scenario", "scenario - what a plan starts from\n\nTEXT\n    More.\n"},
};
static const struct help_book BOOK = {.program = "wattyard",
    .summary = "Plan and run.",
    .details = "One paragraph.\n\nAnd one more.",
    .groups = GROUPS,
    .group_count = 3,
    .topics = TOPICS,
    .topic_count = 1};

static int run_help(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    return help_run(&BOOK, command, argc, argv, context);
}

struct call_case {
    const char *call; /* without the program's name */
    int status;
    const char *out;
    const char *err;
};

static const char OVERVIEW[] = "Plan and run.\n"
                               "\n"
                               "Plan capacity\n"
                               "  plan       what to acquire\n"
                               "Run jobs\n"
                               "  queue, cancel\n"
                               "Everything\n"
                               "  help       a page\n"
                               "Pages, for wattyard help\n"
                               "  scenario   what a plan starts from\n";

static const struct call_case CALL_CASES[] = {
    {"", 0, OVERVIEW, ""},
    {"--help", 0, OVERVIEW, ""},
    {"help", 0, OVERVIEW, ""},
    {"--version", 0, "wattyard " WATTYARD_VERSION "\n", ""},
    {"plan", 3, "plan runs with 0 words, first none\n", ""},
    {"plan --json x", 3, "plan runs with 2 words, first --json\n", ""},
    {"plna", 2, "", "wattyard: there is no command 'plna'; did you mean plan?\n"},
    {"zebra", 2, "", "wattyard: there is no command 'zebra'; `wattyard help` lists all\n"},
    {"--verison", 2, "", "wattyard: there is no option '--verison'; did you mean --version?\n"},
    {"help --names", 0, "plan\nqueue\ncancel\nhelp\n", ""},
    {"help --topics", 0, "scenario\n", ""},
    {"help --names --topics", 0, "plan\nqueue\ncancel\nhelp\nscenario\n", ""},
    {"help --options plan", 0, "--json\n--help\n", ""},
    {"help --options queue", 0, "--help\n", ""},
    {"help --options plam", 2, "", "wattyard: there is no command 'plam'; did you mean plan?\n"},
    {"help scenario", 0, "scenario - what a plan starts from\n\nTEXT\n    More.\n", ""},
    {"help senario", 2, "", "wattyard: there is no page 'senario'; did you mean scenario?\n"},
    {"help --man wattyrad", 2, "",
        "wattyard: there is no command 'wattyrad'; did you mean wattyard?\n"},
    {"help plan queue", 2, "",
        "wattyard help: 'queue' is one argument too many: wattyard help [NAME]\n"},
};

/* Runs the call; what is printed goes to out and err (free). */
static int run_call(const char *call, char **out, char **err)
{
    char text[64];
    char program[] = "wattyard";
    char *argv[WORDS_MAX + 1] = {program};
    size_t sizes[2];
    struct command_context context = {
        .out = open_memstream(out, &sizes[0]), .err = open_memstream(err, &sizes[1])};
    int status;

    ck_assert_uint_lt(strlen(call), sizeof text);
    (void)snprintf(text, sizeof text, "%s", call);
    status = help_run_program(&BOOK, 1 + (int)str_split(text, argv + 1, WORDS_MAX), argv, &context);
    ck_assert_int_eq(fclose(context.out), 0);
    ck_assert_int_eq(fclose(context.err), 0);
    return status;
}

START_TEST(a_call_is_answered)
{
    const struct call_case *c = &CALL_CASES[_i];
    char *out;
    char *err;

    ck_assert_int_eq(run_call(c->call, &out, &err), c->status);
    ck_assert_str_eq(out, c->out);
    ck_assert_str_eq(err, c->err);
    free(out);
    free(err);
}
END_TEST

START_TEST(help_on_a_command_is_its_own_help)
{
    char *out;
    char *err;

    ck_assert_int_eq(run_call("help plan", &out, &err), 0);
    ck_assert_str_eq(out, "wattyard plan [OPTION…]\n\nwhat to acquire\n\nOptions\n"
                          "  -j, --json              print JSON\n"
                          "  -h, --help              this page\n");
    free(out);
    free(err);
}
END_TEST

START_TEST(the_man_page_of_all_names_every_command_and_page)
{
    static const char *const PARTS[] = {".TH WATTYARD 1 ", ".SH NAME\nwattyard \\- Plan and run\n",
        ".SH DESCRIPTION\nOne paragraph.\n.PP\nAnd one more.\n", ".SS Plan capacity\n",
        ".TP\n.B plan\nwhat to acquire\n", ".TP\n.B cancel\nno more\n",
        ".B wattyard\\-scenario(5)\nwhat a plan starts from\n", ".SH EXIT STATUS\n"};
    char *out;
    char *err;

    ck_assert_int_eq(run_call("help --man wattyard", &out, &err), 0);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        ck_assert_msg(strstr(out, PARTS[i]) != NULL, "no '%s' in\n%s", PARTS[i], out);
    free(out);
    free(err);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/help");
    TCase *tc = tcase_create("help");

    tcase_add_loop_test(tc, a_call_is_answered, 0, (int)(sizeof CALL_CASES / sizeof *CALL_CASES));
    tcase_add_test(tc, help_on_a_command_is_its_own_help);
    tcase_add_test(tc, the_man_page_of_all_names_every_command_and_page);
    suite_add_tcase(s, tc);
    return s;
}
