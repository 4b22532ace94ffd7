#include "tests/support/ask.h"

#include "base/mem.h"
#include "base/str.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORDS_MAX = 64 };

void ask_clean_environment(void)
{
    static const char *const names[] = {
        "WATTYARD_SCHEDULER", "WATTYARD_KEYS", "XDG_CONFIG_HOME", "HOME", "USER"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)unsetenv(names[i]);
    (void)setenv("TZ", "UTC", 1);
    tzset();
}

struct asked ask_run(
    const struct command *command, const struct fake_scheduler *fake, const char *line)
{
    struct asked asked = {0};
    struct str text = {0};
    char *words[WORDS_MAX];
    size_t out_size = 0, err_size = 0, count;
    struct command_context context = {.out = open_memstream(&asked.out, &out_size),
        .err = open_memstream(&asked.err, &err_size),
        .program = "wattyard"};

    ck_assert_ptr_nonnull(context.out);
    ck_assert_ptr_nonnull(context.err);
    if (fake != NULL)
        str_format(&text, "--insecure-loopback --scheduler %s ", fake_scheduler_address(fake));
    str_add(&text, line);
    count = str_split(text.text, words, WORDS_MAX);
    asked.status = command->run(command, (int)count, words, &context);
    (void)fclose(context.out);
    (void)fclose(context.err);
    str_fini(&text);
    return asked;
}

void ask_fini(struct asked *asked)
{
    free(asked->out);
    free(asked->err);
}

void ask_expect(const struct command *command, const struct fake_scheduler *fake, const char *line,
    int status, const char *out, const char *err)
{
    struct asked asked = ask_run(command, fake, line);

    ck_assert_msg(asked.status == status, "%s %s: exit status %d, not %d: %s", command->name, line,
        asked.status, status, asked.err);
    if (out != NULL)
        ck_assert_str_eq(asked.out, out);
    if (err != NULL)
        ck_assert_str_eq(asked.err, err);
    ask_fini(&asked);
}
