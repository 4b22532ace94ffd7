#include "base/options.h"

#include "base/err.h"
#include "base/str.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 12 };

struct call {
    bool json;
    bool verbose;
    const char *output;
    double seconds;
    int64_t count;
    int policy;
    struct option_list prices;
};

static const char *const POLICIES[] = {"lp", "fifo", "easy", NULL};

static const struct option OPTIONS[] = {
    {"json", 0, OPTION_FLAG, offsetof(struct call, json), NULL, "print JSON", 0, 0, NULL},
    {"verbose", 'v', OPTION_FLAG, offsetof(struct call, verbose), NULL, "say more", 0, 0, NULL},
    {"output", 'o', OPTION_TEXT, offsetof(struct call, output), "FILE", "write there", 0, 0, NULL},
    {"time-limit", 't', OPTION_NUMBER, offsetof(struct call, seconds), "SECONDS",
        "end the solve after so long, and print the best plan that was found until then", 0.5, 100,
        NULL},
    {"count", 0, OPTION_COUNT, offsetof(struct call, count), "COUNT", "how many", -5, 10, NULL},
    {"policy", 0, OPTION_CHOICE, offsetof(struct call, policy), NULL, "who goes first", 0, 0,
        POLICIES},
    {"price", 0, OPTION_LIST, offsetof(struct call, prices), "SYSTEM=USD", "rent", 0, 0, NULL},
};

static int run_nothing(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    (void)command;
    (void)argc;
    (void)argv;
    (void)context;
    return 0;
}

static const struct command COMMAND = {
    .name = "plan",
    .arguments = "FILE [FILE]",
    .summary = "what to acquire, where and when",
    .details = "Reads a scenario and finds the plan of the least cost - what to acquire where and "
               "when, and what runs on it.\n"
               "\n"
               ".A line that begins with a point.\n"
               "\n"
               "    kept   as it is\n"
               "    with \\ and all",
    .examples = "wattyard plan a.xml\nwattyard plan a.xml --json  # for programs\n",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 1,
    .positional_max = 2,
    .run = run_nothing,
};

static struct call fresh(void)
{
    return (struct call){.seconds = 7, .count = 3, .policy = 2};
}

/* The words of a call, split at blanks in place. */
static int words_of(char *text, char **argv)
{
    return (int)str_split(text, argv, WORDS_MAX);
}

START_TEST(options_and_words_are_taken_in_any_order)
{
    char text[] = "a.xml --json -o out --time-limit=2.5 --count -5 b.xml";
    char *argv[WORDS_MAX];
    char more[] = "-v --policy fifo --price=a=1 --price b=2 -t0.5 -- --json";
    struct call call = fresh();
    const char *words[2];
    size_t count = 0;
    struct err err = {0};

    ck_assert_int_eq(
        options_parse(&COMMAND, words_of(text, argv), argv, &call, words, &count, &err),
        OPTIONS_RUN);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(words[0], "a.xml");
    ck_assert_str_eq(words[1], "b.xml");
    ck_assert(call.json && !call.verbose);
    ck_assert_str_eq(call.output, "out");
    ck_assert_double_eq(call.seconds, 2.5);
    ck_assert_int_eq(call.count, -5);
    ck_assert_int_eq(call.policy, 2);

    call = fresh();
    ck_assert_int_eq(
        options_parse(&COMMAND, words_of(more, argv), argv, &call, words, &count, &err),
        OPTIONS_RUN);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(words[0], "--json");
    ck_assert(!call.json && call.verbose);
    ck_assert_int_eq(call.policy, 1);
    ck_assert_uint_eq(call.prices.count, 2);
    ck_assert_str_eq(call.prices.items[0], "a=1");
    ck_assert_str_eq(call.prices.items[1], "b=2");
    ck_assert_double_eq(call.seconds, 0.5);
}
END_TEST

START_TEST(what_is_not_given_stays_as_it_was)
{
    char text[] = "-";
    char *argv[WORDS_MAX];
    struct call call = fresh();
    const char *words[2];
    size_t count = 0;

    ck_assert_int_eq(
        options_parse(&COMMAND, words_of(text, argv), argv, &call, words, &count, NULL),
        OPTIONS_RUN);
    ck_assert_str_eq(words[0], "-");
    ck_assert_double_eq(call.seconds, 7);
    ck_assert_int_eq(call.count, 3);
    ck_assert_int_eq(call.policy, 2);
}
END_TEST

struct wrong_case {
    const char *call;
    const char *says;
};

static const struct wrong_case WRONG_CASES[] = {
    {"", "an argument is missing: wattyard plan FILE [FILE]"},
    {"a b c d", "'c' is one argument too many: wattyard plan FILE [FILE]"},
    {"a --jsn", "there is no option --jsn; did you mean --json?"},
    {"a --time-limt=3", "there is no option --time-limt; did you mean --time-limit?"},
    {"a --hepl", "there is no option --hepl; did you mean --help?"},
    {"a --js", "there is no option --js; `wattyard plan --help` lists them"},
    {"a --zebra", "there is no option --zebra; `wattyard plan --help` lists them"},
    {"a -z", "there is no option -z; `wattyard plan --help` lists them"},
    {"a -5", "there is no option -5; `wattyard plan --help` lists them"},
    {"a --json=yes", "--json takes no value"},
    {"a -vq", "--verbose takes no value"},
    {"a --output", "--output needs a value: --output FILE"},
    {"a -o", "--output needs a value: --output FILE"},
    {"a --policy", "--policy needs a value: lp, fifo, easy"},
    {"a --time-limit soon", "--time-limit: 'soon' is not a number"},
    {"a --time-limit nan", "--time-limit: 'nan' is not a number"},
    {"a --time-limit=", "--time-limit: '' is not a number"},
    {"a --time-limit 0.4", "--time-limit: 0.4 is not from 0.5 to 100"},
    {"a --time-limit 101", "--time-limit: 101 is not from 0.5 to 100"},
    {"a --count 1.5", "--count: '1.5' is not a whole number"},
    {"a --count 11", "--count: 11 is not from -5 to 10"},
    {"a --count -6", "--count: -6 is not from -5 to 10"},
    {"a --policy first", "--policy: 'first' is not one of lp, fifo, easy"},
};

START_TEST(a_wrong_call_is_told_with_what_to_do)
{
    const struct wrong_case *c = &WRONG_CASES[_i];
    struct call call = fresh();
    char text[64];
    char *argv[WORDS_MAX];
    const char *words[2];
    size_t count = 77;
    struct err err = {0};

    ck_assert_uint_lt(strlen(c->call), sizeof text);
    (void)snprintf(text, sizeof text, "%s", c->call);
    ck_assert_int_eq(
        options_parse(&COMMAND, words_of(text, argv), argv, &call, words, &count, &err),
        OPTIONS_WRONG);
    ck_assert_str_eq(err.text, c->says);
    ck_assert_int_eq(err.kind, ERR_USAGE);
    ck_assert_uint_eq(count, 77);
}
END_TEST

START_TEST(a_list_has_an_end)
{
    char word[] = "--price=1";
    char *argv[OPTION_LIST_MAX + 1];
    struct call call = fresh();
    const char *words[2];
    size_t count;
    struct err err = {0};

    for (size_t i = 0; i <= OPTION_LIST_MAX; i++)
        argv[i] = word;
    ck_assert_int_eq(options_parse(&COMMAND, OPTION_LIST_MAX + 1, argv, &call, words, &count, &err),
        OPTIONS_WRONG);
    ck_assert_str_eq(err.text, "--price is given over 64 times");
    ck_assert_uint_eq(call.prices.count, OPTION_LIST_MAX);
}
END_TEST

/* What options_begin answers, and prints into *out and *err (free). */
static int begin(const char *call_text, char **out, char **err)
{
    struct call call = fresh();
    char text[64];
    char *argv[WORDS_MAX];
    const char *words[2];
    size_t count;
    size_t sizes[2];
    struct command_context context = {
        .out = open_memstream(out, &sizes[0]), .err = open_memstream(err, &sizes[1])};
    int status;

    (void)snprintf(text, sizeof text, "%s", call_text);
    status = options_begin(&COMMAND, words_of(text, argv), argv, &call, words, &count, &context);
    ck_assert_int_eq(fclose(context.out), 0);
    ck_assert_int_eq(fclose(context.err), 0);
    return status;
}

static const char HELP[] =
    "wattyard plan [OPTION…] FILE [FILE]\n"
    "\n"
    "what to acquire, where and when\n"
    "\n"
    "Reads a scenario and finds the plan of the least cost - what to acquire where\n"
    "and when, and what runs on it.\n"
    "\n"
    ".A line that begins with a point.\n"
    "\n"
    "    kept   as it is\n"
    "    with \\ and all\n"
    "\n"
    "Options\n"
    "  --json                  print JSON\n"
    "  -v, --verbose           say more\n"
    "  -o, --output FILE       write there\n"
    "  -t, --time-limit SECONDS\n"
    "                          end the solve after so long, and print the best plan\n"
    "                          that was found until then\n"
    "  --count COUNT           how many\n"
    "  --policy lp|fifo|easy   who goes first\n"
    "  --price SYSTEM=USD      rent\n"
    "  -h, --help              this page\n"
    "\n"
    "Examples\n"
    "  wattyard plan a.xml\n"
    "  wattyard plan a.xml --json\n"
    "      for programs\n";

START_TEST(a_command_begins_with_its_options_its_help_or_a_refusal)
{
    char *out;
    char *err;

    ck_assert_int_eq(begin("a.xml --json", &out, &err), -1);
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err, "");
    free(out);
    free(err);
    ck_assert_int_eq(begin("--json --help --nonsense", &out, &err), 0);
    ck_assert_str_eq(out, HELP);
    ck_assert_str_eq(err, "");
    free(out);
    free(err);
    ck_assert_int_eq(begin("a.xml --jsn", &out, &err), 2);
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err, "wattyard plan: there is no option --jsn; did you mean --json?\n");
    free(out);
    free(err);
}
END_TEST

static const char MAN[] =
    ".SH NAME\n"
    "wattyard\\-plan \\- what to acquire, where and when\n"
    ".SH SYNOPSIS\n"
    ".B wattyard plan\n"
    "[\\fIOPTION\\fR...]\n"
    ".I FILE [FILE]\n"
    ".SH DESCRIPTION\n"
    "Reads a scenario and finds the plan of the least cost \\- what to acquire where and when, and "
    "what runs on it.\n"
    ".PP\n"
    "\\&.A line that begins with a point.\n"
    ".PP\n"
    ".nf\n"
    "    kept   as it is\n"
    "    with \\e and all\n"
    ".fi\n"
    ".SH OPTIONS\n"
    ".TP\n"
    ".B \\-\\-json\n"
    "print JSON\n"
    ".TP\n"
    ".B \\-v, \\-\\-verbose\n"
    "say more\n";

START_TEST(the_man_page_comes_of_the_same_table)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    const char *name;

    options_print_man(&COMMAND, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_msg(str_starts_with(text, ".TH WATTYARD\\-PLAN 1 "), "%s", text);
    name = strstr(text, ".SH NAME\n");
    ck_assert_ptr_nonnull(name);
    ck_assert_msg(str_starts_with(name, MAN), "%s", name);
    ck_assert_ptr_nonnull(strstr(name, ".B \\-\\-policy lp|fifo|easy\nwho goes first\n"));
    ck_assert_ptr_nonnull(strstr(name, ".SH EXAMPLES\n.TP\n.B wattyard plan a.xml\n\\&\n.TP\n"));
    ck_assert_ptr_nonnull(strstr(name, ".SH EXIT STATUS\n"));
    free(text);
}
END_TEST

START_TEST(a_program_of_its_own_keeps_its_name)
{
    const struct command daemon = {.name = "wattyard-agent"};
    struct str name = {0};

    options_full_name(&COMMAND, &name);
    ck_assert_str_eq(str_text(&name), "wattyard plan");
    str_clear(&name);
    options_full_name(&daemon, &name);
    ck_assert_str_eq(str_text(&name), "wattyard-agent");
    str_fini(&name);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/options");
    TCase *tc = tcase_create("options");

    tcase_add_test(tc, options_and_words_are_taken_in_any_order);
    tcase_add_test(tc, what_is_not_given_stays_as_it_was);
    tcase_add_loop_test(tc, a_wrong_call_is_told_with_what_to_do, 0,
        (int)(sizeof WRONG_CASES / sizeof *WRONG_CASES));
    tcase_add_test(tc, a_list_has_an_end);
    tcase_add_test(tc, a_command_begins_with_its_options_its_help_or_a_refusal);
    tcase_add_test(tc, the_man_page_comes_of_the_same_table);
    tcase_add_test(tc, a_program_of_its_own_keeps_its_name);
    suite_add_tcase(s, tc);
    return s;
}
