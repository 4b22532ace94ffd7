#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/commands.h"
#include "tests/support/ask.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

/* A key folder made by `keys init`. */
struct made {
    char *parent, *folder;
};

/* Run `keys BEFORE FOLDER AFTER`. */
static struct asked keys(const struct made *made, const char *before, const char *after)
{
    struct str line = {0};
    struct asked asked;

    str_format(&line, "%s %s %s", before, made->folder, after);
    asked = ask_run(&KEYS_COMMAND, NULL, str_text(&line));
    str_fini(&line);
    return asked;
}

static void expect(
    const struct made *made, const char *before, const char *after, int status, const char *says)
{
    struct asked asked = keys(made, before, after);

    ck_assert_msg(asked.status == status, "exit status %d: %s", asked.status, asked.err);
    ck_assert_msg(strstr(status == 0 ? asked.out : asked.err, says) != NULL, "'%s' '%s'", asked.out,
        asked.err);
    ask_fini(&asked);
}

static struct made make(void)
{
    struct made made = {.parent = tempdir_create()};

    made.folder = tempdir_path(made.parent, "keys");
    expect(&made, "init", "", 0, "scheduler.key");
    return made;
}

static void made_remove(struct made *made)
{
    mem_free(made->folder);
    tempdir_remove(made->parent);
}

static struct key read_key(const struct made *made, const char *name)
{
    struct key key = {0};
    struct err err = {0};
    char *path = tempdir_path(made->folder, name);

    ck_assert_msg(key_read(path, &key, &err) == 0, "%s", err.text);
    mem_free(path);
    return key;
}

static size_t ring_count(const struct made *made)
{
    struct err err = {0};
    struct key_ring *ring = key_ring_load(made->folder, &err);
    size_t count;

    ck_assert_msg(ring != NULL, "%s", err.text);
    count = key_ring_count(ring);
    key_ring_destroy(ring);
    return count;
}

START_TEST(a_scheduler_has_its_folder_for_itself)
{
    struct made made = make();
    struct stat info;

    ck_assert_int_eq(stat(made.folder, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777U, 0700);
    ck_assert_int_eq((int)read_key(&made, "scheduler.key").kind, KEY_SCHEDULER);
    ck_assert_str_eq(
        read_key(&made, "scheduler.key").public_text, read_key(&made, "scheduler.pub").public_text);
    expect(&made, "init", "", 1, "is there already");
    made_remove(&made);
}
END_TEST

START_TEST(hosts_get_all_that_they_need_and_the_scheduler_the_public_half)
{
    struct made made = make();
    struct key secret, public;

    expect(&made, "host", "a-t[01-03] b", 0, "hand-out/a-t02: give it to host a-t02\n");
    ck_assert_uint_eq(ring_count(&made), 4);
    secret = read_key(&made, "hand-out/a-t02/a-t02.key");
    public = read_key(&made, "hosts/a-t02.pub");
    ck_assert_int_eq((int)secret.kind, KEY_HOST);
    ck_assert_str_eq(secret.public_text, public.public_text);
    ck_assert_str_eq(read_key(&made, "hand-out/a-t02/scheduler.pub").public_text,
        read_key(&made, "scheduler.pub").public_text);
    made_remove(&made);
}
END_TEST

START_TEST(a_second_key_of_a_name_is_refused_and_the_first_stays)
{
    struct made made = make();
    struct key first;

    expect(&made, "host", "a", 0, "host a");
    first = read_key(&made, "hosts/a.pub");
    expect(&made, "host", "a", 1, "is there already");
    ck_assert_str_eq(read_key(&made, "hosts/a.pub").public_text, first.public_text);
    ck_assert_str_eq(read_key(&made, "hand-out/a/a.key").public_text, first.public_text);
    made_remove(&made);
}
END_TEST

/* With hand-out/a/a.key in the way no half-made pair is left. */
START_TEST(a_pair_that_cannot_be_handed_out_gives_no_rights)
{
    struct made made = make();

    mem_free(tempdir_write_text(made.folder, "hand-out/a/a.key", "old"));
    expect(&made, "host", "a", 1, "is there already");
    ck_assert_uint_eq(ring_count(&made), 0);
    made_remove(&made);
}
END_TEST

START_TEST(users_have_roles)
{
    struct made made = make();

    expect(&made, "user", "ada --roles view,operate", 0, "user ada");
    expect(&made, "user", "bob", 0, "user bob");
    ck_assert_uint_eq(read_key(&made, "users/ada.pub").roles, KEY_VIEW | KEY_OPERATE);
    ck_assert_uint_eq(read_key(&made, "users/bob.pub").roles, KEY_VIEW | KEY_SUBMIT);
    expect(&made, "user", "cyd --roles rule", 2, "'rule' is no role");
    ck_assert_uint_eq(ring_count(&made), 2);
    made_remove(&made);
}
END_TEST

START_TEST(all_hosts_of_a_fleet_get_keys)
{
    struct made made = make();

    expect(&made, "host", "--fleet topologies/fleets/one-row.xml", 0, "give it to host");
    ck_assert_uint_eq(ring_count(&made), 144);
    made_remove(&made);
}
END_TEST

struct wrong_case {
    const char *before, *after, *says;
};
static const struct wrong_case WRONG_CASES[] = {
    {"init", "more", "keys init DIR"},
    {"make", "a", "keys init DIR"},
    {"host", "", "keys host DIR NAMES"},
    {"host", "a --fleet topologies/fleets/one-row.xml", "keys host DIR NAMES"},
    {"host", "--fleet nowhere.xml", "nowhere.xml"},
    {"host", "a[1-", "'a[1-'"},
    {"host", "../a", "'../a'"},
    {"user", "", "keys user DIR NAME"},
    {"user", "../a", "'../a' is no name"},
};

START_TEST(wrong_calls_are_exit_status_2)
{
    struct made made = make();

    expect(&made, WRONG_CASES[_i].before, WRONG_CASES[_i].after, 2, WRONG_CASES[_i].says);
    ck_assert_uint_eq(ring_count(&made), 0);
    made_remove(&made);
}
END_TEST

START_TEST(a_folder_without_a_scheduler_is_told_what_to_do)
{
    struct made made = {.parent = tempdir_create()};

    made.folder = tempdir_path(made.parent, "none");
    expect(&made, "host", "a", 2, "wattyard keys init");
    made_remove(&made);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("keys_command");
    TCase *c = tcase_create("keys_command");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_scheduler_has_its_folder_for_itself);
    tcase_add_test(c, hosts_get_all_that_they_need_and_the_scheduler_the_public_half);
    tcase_add_test(c, a_second_key_of_a_name_is_refused_and_the_first_stays);
    tcase_add_test(c, a_pair_that_cannot_be_handed_out_gives_no_rights);
    tcase_add_test(c, users_have_roles);
    tcase_add_test(c, all_hosts_of_a_fleet_get_keys);
    tcase_add_loop_test(
        c, wrong_calls_are_exit_status_2, 0, (int)(sizeof WRONG_CASES / sizeof *WRONG_CASES));
    tcase_add_test(c, a_folder_without_a_scheduler_is_told_what_to_do);
    suite_add_tcase(s, c);
    return s;
}
