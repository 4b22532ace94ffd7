#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/suite.h"
#include "tests/support/tempdir.h"

#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

static struct key make(enum key_kind kind, const char *name, unsigned roles)
{
    struct key key = {0};
    struct err err = {0};

    ck_assert_msg(key_make(kind, name, roles, &key, &err) == 0, "%s", err.text);
    return key;
}

static void write_pair(const struct key *key, const char *folder)
{
    struct err err = {0};

    ck_assert_msg(key_write(key, folder, &err) == 0, "%s", err.text);
}

static struct key read_from(const char *folder, const char *name)
{
    struct key key = {0};
    struct err err = {0};
    char *path = tempdir_path(folder, name);

    ck_assert_msg(key_read(path, &key, &err) == 0, "%s", err.text);
    mem_free(path);
    return key;
}

/* The reading of folder/name must fail so. */
static void refuse(const char *folder, const char *name, enum err_kind kind, const char *says)
{
    struct key key = {0};
    struct err err = {0};
    char *path = tempdir_path(folder, name);

    ck_assert_int_eq(key_read(path, &key, &err), -1);
    ck_assert_int_eq((int)err.kind, (int)kind);
    ck_assert_msg(strstr(err.text, says) != NULL, "'%s' does not say '%s'", err.text, says);
    ck_assert_msg(strstr(err.text, path) != NULL, "'%s' does not name %s", err.text, path);
    ck_assert_str_eq(key.name, "");
    mem_free(path);
}

START_TEST(a_pair_is_read_as_it_was_written)
{
    char *folder = tempdir_create();
    struct key made = make(KEY_USER, "ada", KEY_VIEW | KEY_OPERATE);
    struct key secret, public;

    write_pair(&made, folder);
    secret = read_from(folder, "ada.key");
    public = read_from(folder, "ada.pub");
    ck_assert_int_eq((int)secret.kind, KEY_USER);
    ck_assert_str_eq(secret.name, "ada");
    ck_assert_str_eq(secret.secret_text, made.secret_text);
    ck_assert_str_eq(secret.public_text, made.public_text);
    ck_assert_str_eq(public.public_text, made.public_text);
    ck_assert_str_eq(public.secret_text, "");
    ck_assert_uint_eq(public.roles, KEY_VIEW | KEY_OPERATE);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_secret_is_its_owners_alone_whatever_the_umask)
{
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "h1.key");
    struct key made = make(KEY_HOST, "h1", 0);
    mode_t before = umask(0);
    struct stat info;

    write_pair(&made, folder);
    (void)umask(before);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777U, 0600);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_secret_that_others_may_read_is_refused)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0601};
    char *folder = tempdir_create();
    char *path = tempdir_path(folder, "h1.key");
    struct key made = make(KEY_HOST, "h1", 0);

    write_pair(&made, folder);
    ck_assert_int_eq(chmod(path, modes[_i]), 0);
    refuse(folder, "h1.key", ERR_DENIED, "chmod 600");
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(an_existing_key_is_never_overwritten)
{
    char *folder = tempdir_create();
    struct key first = make(KEY_USER, "ada", KEY_VIEW), second = make(KEY_USER, "ada", KEY_VIEW);
    struct err err = {0};
    char *path = tempdir_path(folder, "ada.key");

    write_pair(&first, folder);
    ck_assert_int_eq(key_write(&second, folder, &err), -1);
    ck_assert_int_eq((int)err.kind, ERR_STATE);
    ck_assert_msg(strstr(err.text, "is there already") != NULL, "%s", err.text);
    ck_assert_str_eq(read_from(folder, "ada.key").public_text, first.public_text);

    /* with the secret gone, the public one stands in the way, and no secret is left without it */
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(key_write(&second, folder, &err), -1);
    refuse(folder, "ada.key", ERR_IO, "No such file");
    ck_assert_str_eq(read_from(folder, "ada.pub").public_text, first.public_text);
    mem_free(path);
    tempdir_remove(folder);
}
END_TEST

START_TEST(names_that_are_no_file_names_are_refused)
{
    static const char *const names[] = {"", ".", "../x", "a/b", "a b", "a\n", "-x", "ä"};
    struct key key = {0};
    struct err err = {0};

    ck_assert_int_eq(key_make(KEY_HOST, names[_i], 0, &key, &err), -1);
    ck_assert_int_eq((int)err.kind, ERR_INPUT);
}
END_TEST

#define Z85 "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

struct text_case {
    const char *text, *says;
};
static const struct text_case TEXT_CASES[] = {
    {"", "no key file"},
    {"ssh-ed25519 AAAA ada", "no key file"},
    {"wattyard-public-2 user ada " Z85 " view\n", "no key file"},
    {"wattyard-public-1 user ada\n", "damaged"},
    {"wattyard-public-1 robot ada " Z85 " view\n", "damaged"},
    {"wattyard-public-1 user ada " Z85 " view submit\n", "damaged"},
    {"wattyard-public-1 user ada short view\n", "damaged"},
    {"wattyard-public-1 user ada " Z85 "x view\n", "damaged"},
    {"wattyard-public-1 user ada ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ view\n", "damaged"},
    {"wattyard-public-1 user a/b " Z85 " view\n", "no name"},
    {"wattyard-public-1 user ada " Z85 " veiw\n", "'veiw' is no role"},
    {"wattyard-public-1 user ada " Z85 " view,\n", "'' is no role"},
};

START_TEST(what_is_no_key_file_is_refused)
{
    const struct text_case *c = &TEXT_CASES[_i];
    char *folder = tempdir_create();

    mem_free(tempdir_write_text(folder, "x.pub", c->text));
    refuse(folder, "x.pub", ERR_INPUT, c->says);
    tempdir_remove(folder);
}
END_TEST

START_TEST(a_secret_with_another_public_part_is_refused)
{
    char *folder = tempdir_create();
    struct key a = make(KEY_HOST, "h1", 0), b = make(KEY_HOST, "h1", 0);

    memcpy(a.public_text, b.public_text, sizeof a.public_text);
    write_pair(&a, folder);
    refuse(folder, "h1.key", ERR_INPUT, "not of one pair");
    tempdir_remove(folder);
}
END_TEST

struct ring_folder {
    char *folder, *hosts, *users;
};

static struct ring_folder ring_folder_create(void)
{
    struct ring_folder f = {.folder = tempdir_create()};
    struct err err = {0};

    f.hosts = tempdir_path(f.folder, "hosts");
    f.users = tempdir_path(f.folder, "users");
    ck_assert_int_eq(file_make_folder(f.hosts, &err), 0);
    ck_assert_int_eq(file_make_folder(f.users, &err), 0);
    return f;
}

static void ring_folder_remove(struct ring_folder *f)
{
    mem_free(f->hosts);
    mem_free(f->users);
    tempdir_remove(f->folder);
}

static void write_public(const struct key *key, const char *folder)
{
    struct err err = {0};

    ck_assert_msg(key_write_public(key, folder, &err) == 0, "%s", err.text);
}

START_TEST(a_ring_finds_each_key_and_no_stranger)
{
    enum { HOSTS = 100 };
    struct ring_folder f = ring_folder_create();
    struct key keys[HOSTS], ada = make(KEY_USER, "ada", KEY_VIEW | KEY_SUBMIT);
    struct key stranger = make(KEY_HOST, "h0", 0);
    struct err err = {0};
    struct key_ring *ring;
    unsigned char bytes[32];

    for (int i = 0; i < HOSTS; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "h%d", i);
        keys[i] = make(KEY_HOST, name, 0);
        write_public(&keys[i], f.hosts);
    }
    write_public(&ada, f.users);
    mem_free(tempdir_write_text(f.users, "README", "not a key"));
    ring = key_ring_load(f.folder, &err);
    ck_assert_msg(ring != NULL, "%s", err.text);
    ck_assert_uint_eq(key_ring_count(ring), HOSTS + 1);
    for (int i = 0; i < HOSTS; i++) {
        (void)zmq_z85_decode(bytes, keys[i].public_text);
        ck_assert_str_eq(key_ring_find(ring, bytes)->name, keys[i].name);
        ck_assert_int_eq((int)key_ring_find(ring, bytes)->kind, KEY_HOST);
    }
    (void)zmq_z85_decode(bytes, ada.public_text);
    ck_assert_uint_eq(key_ring_find(ring, bytes)->roles, KEY_VIEW | KEY_SUBMIT);
    (void)zmq_z85_decode(bytes, stranger.public_text);
    ck_assert_ptr_null(key_ring_find(ring, bytes));
    key_ring_destroy(ring);
    ring_folder_remove(&f);
}
END_TEST

START_TEST(an_empty_folder_is_a_ring_that_knows_nobody)
{
    char *folder = tempdir_create();
    struct err err = {0};
    struct key_ring *ring = key_ring_load(folder, &err);

    ck_assert_msg(ring != NULL, "%s", err.text);
    ck_assert_uint_eq(key_ring_count(ring), 0);
    ck_assert_ptr_null(key_ring_find(ring, (const unsigned char[32]){0}));
    key_ring_destroy(ring);
    tempdir_remove(folder);
}
END_TEST

static void refuse_ring(const char *folder, const char *says)
{
    struct err err = {0};

    ck_assert_ptr_null(key_ring_load(folder, &err));
    ck_assert_msg(strstr(err.text, says) != NULL, "'%s' does not say '%s'", err.text, says);
}

START_TEST(a_ring_refuses_keys_in_the_wrong_place)
{
    struct ring_folder f = ring_folder_create();
    struct key host = make(KEY_HOST, "h1", 0), user = make(KEY_USER, "ada", KEY_VIEW);
    char *path;

    /* a user's key under hosts/ */
    write_public(&user, f.hosts);
    refuse_ring(f.folder, "the key of user ada");
    path = tempdir_path(f.hosts, "ada.pub");
    ck_assert_int_eq(remove(path), 0);
    mem_free(path);

    /* a host's key under another's name */
    write_public(&host, f.hosts);
    {
        char *from = tempdir_path(f.hosts, "h1.pub");

        path = tempdir_path(f.hosts, "h2.pub");
        ck_assert_int_eq(rename(from, path), 0);
        mem_free(from);
    }
    refuse_ring(f.folder, "the key of host h1");
    ck_assert_int_eq(remove(path), 0);
    mem_free(path);

    /* one key with two names */
    write_public(&host, f.hosts);
    memcpy(host.name, "h3", 3);
    write_public(&host, f.hosts);
    refuse_ring(f.folder, "have the same key");
    ring_folder_remove(&f);
}
END_TEST

START_TEST(roles_are_read)
{
    struct err err = {0};
    unsigned roles = 99;

    ck_assert_int_eq(key_roles_parse("operate,view", &roles, &err), 0);
    ck_assert_uint_eq(roles, KEY_VIEW | KEY_OPERATE);
    ck_assert_int_eq(key_roles_parse("view, submit", &roles, &err), -1);
    ck_assert_uint_eq(roles, KEY_VIEW | KEY_OPERATE);
    ck_assert_int_eq(key_roles_parse("", &roles, &err), -1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("protocol_keys");
    TCase *c = tcase_create("protocol_keys");

    tcase_add_test(c, a_pair_is_read_as_it_was_written);
    tcase_add_test(c, a_secret_is_its_owners_alone_whatever_the_umask);
    tcase_add_loop_test(c, a_secret_that_others_may_read_is_refused, 0, 4);
    tcase_add_test(c, an_existing_key_is_never_overwritten);
    tcase_add_loop_test(c, names_that_are_no_file_names_are_refused, 0, 8);
    tcase_add_loop_test(
        c, what_is_no_key_file_is_refused, 0, (int)(sizeof TEXT_CASES / sizeof *TEXT_CASES));
    tcase_add_test(c, a_secret_with_another_public_part_is_refused);
    tcase_add_test(c, a_ring_finds_each_key_and_no_stranger);
    tcase_add_test(c, an_empty_folder_is_a_ring_that_knows_nobody);
    tcase_add_test(c, a_ring_refuses_keys_in_the_wrong_place);
    tcase_add_test(c, roles_are_read);
    suite_add_tcase(s, c);
    return s;
}
