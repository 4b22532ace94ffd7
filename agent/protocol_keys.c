#include "agent/protocol_keys.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum {
    FILE_BYTES_MAX = 1024,
    WORDS_MAX = 5,
    SECRET_MODE = 0600,
    PUBLIC_MODE = 0644,
    OTHERS = 077,
    KEY_BYTES = 32
};

#define SECRET_HEAD "wattyard-secret-1"
#define PUBLIC_HEAD "wattyard-public-1"

const char *const KEY_KIND_NAMES[] = {"scheduler", "host", "user", NULL};

static const struct {
    const char *name;
    enum key_role role;
} ROLES[] = {{"view", KEY_VIEW}, {"submit", KEY_SUBMIT}, {"operate", KEY_OPERATE}};
enum { ROLE_COUNT = sizeof ROLES / sizeof *ROLES };

/* Names are file names too. */
static int check_name(const char *name, struct err *err)
{
    size_t length = strlen(name);

    if (length == 0 || length >= KEY_NAME)
        return err_set(
            err, ERR_INPUT, "'%.40s' is no name for a key; 1 to %d characters", name, KEY_NAME - 1);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && (i == 0 || strchr("._-", name[i]) == NULL))
            return err_set(err, ERR_INPUT,
                "'%.60s' is no name for a key; letters, digits, '.', '_' and '-', a letter or "
                "digit first",
                name);
    return 0;
}

static bool is_key_text(const char *text)
{
    unsigned char bytes[KEY_BYTES];

    return strlen(text) == KEY_TEXT - 1 && zmq_z85_decode(bytes, text) != NULL;
}

static int parse_role(const char *word, size_t length, unsigned *roles, struct err *err)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (strlen(ROLES[i].name) == length && strncmp(ROLES[i].name, word, length) == 0) {
            *roles |= ROLES[i].role;
            return 0;
        }
    return err_set(err, ERR_INPUT, "'%.*s' is no role; there are view, submit and operate",
        length > 40 ? 40 : (int)length, word);
}

int key_roles_parse(const char *text, unsigned *roles, struct err *err)
{
    unsigned found = 0;

    for (const char *at = text;;) {
        size_t length = strcspn(at, ",");

        if (parse_role(at, length, &found, err) != 0)
            return -1;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    *roles = found;
    return 0;
}

static void add_roles(unsigned roles, struct str *out)
{
    const char *between = " ";

    for (size_t i = 0; i < ROLE_COUNT; i++)
        if ((roles & ROLES[i].role) != 0) {
            str_format(out, "%s%s", between, ROLES[i].name);
            between = ",";
        }
}

int key_make(enum key_kind kind, const char *name, unsigned roles, struct key *key, struct err *err)
{
    struct key made = {.kind = kind, .roles = roles};

    if (check_name(name, err) != 0)
        return -1;
    memcpy(made.name, name, strlen(name));
    if (zmq_curve_keypair(made.public_text, made.secret_text) != 0)
        return err_set(err, ERR_STATE,
            "this libzmq makes no CURVE keys (%s); install one built with libsodium",
            zmq_strerror(errno));
    *key = made;
    return 0;
}

/* A new file with the text, synced with its folder; an existing one stays as it is. */
static int write_new(const char *path, const struct str *text, mode_t mode, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_STATE, "%s is there already; a key is never overwritten", path);
    if (fd < 0)
        return err_set_errno(err, "%s", path);
    if (fchmod(fd, mode) != 0 || write(fd, text->text, text->length) != (ssize_t)text->length ||
        fsync(fd) != 0) {
        (void)err_set_errno(err, "%s", path);
        (void)close(fd);
        (void)unlink(path);
        return -1;
    }
    (void)close(fd);
    return 0;
}

static int sync_folder(const char *folder, struct err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0 ? 0 : err_set_errno(err, "%s", folder);

    if (fd >= 0)
        (void)close(fd);
    return rc;
}

int key_write_public(const struct key *key, const char *folder, struct err *err)
{
    struct str path = {0}, text = {0};
    int rc;

    str_format(&path, "%s/%s.pub", folder, key->name);
    str_format(
        &text, PUBLIC_HEAD " %s %s %s", KEY_KIND_NAMES[key->kind], key->name, key->public_text);
    add_roles(key->roles, &text);
    str_add(&text, "\n");
    rc = write_new(str_text(&path), &text, PUBLIC_MODE, err);
    if (rc == 0)
        rc = sync_folder(folder, err);
    str_fini(&path);
    str_fini(&text);
    return rc;
}

int key_write(const struct key *key, const char *folder, struct err *err)
{
    struct str path = {0}, text = {0};
    int rc;

    str_format(&path, "%s/%s.key", folder, key->name);
    str_format(&text, SECRET_HEAD " %s %s %s %s\n", KEY_KIND_NAMES[key->kind], key->name,
        key->secret_text, key->public_text);
    rc = write_new(str_text(&path), &text, SECRET_MODE, err);
    if (rc == 0 && key_write_public(key, folder, err) != 0) {
        (void)unlink(str_text(&path));
        rc = -1;
    }
    explicit_bzero(text.text, text.length);
    str_fini(&path);
    str_fini(&text);
    return rc;
}

/* Into text of FILE_BYTES_MAX + 1 bytes, with who may read it. */
static int read_text(const char *path, char *text, struct stat *info, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t count;

    if (fd < 0)
        return err_set_errno(err, "%s", path);
    if (fstat(fd, info) != 0 || !S_ISREG(info->st_mode)) {
        (void)close(fd);
        return err_set(err, ERR_INPUT, "%s is no key file", path);
    }
    count = read(fd, text, FILE_BYTES_MAX);
    if (count < 0)
        (void)err_set_errno(err, "%s", path);
    (void)close(fd);
    if (count < 0)
        return -1;
    text[count] = '\0';
    return 0;
}

static int parse_kind(const char *word, enum key_kind *kind)
{
    for (int i = 0; KEY_KIND_NAMES[i] != NULL; i++)
        if (str_equal(word, KEY_KIND_NAMES[i])) {
            *kind = (enum key_kind)i;
            return 0;
        }
    return -1;
}

/* HEAD KIND NAME SECRET PUBLIC, or HEAD KIND NAME PUBLIC [ROLES]. */
static int parse_words(char **words, size_t count, struct key *key, struct err *err)
{
    bool is_secret = count > 0 && str_equal(words[0], SECRET_HEAD);
    size_t least = is_secret ? 5 : 4;
    const char *public_word;

    if (count == 0 || (!is_secret && !str_equal(words[0], PUBLIC_HEAD)))
        return err_set(err, ERR_INPUT,
            "this is no key file: it begins with neither " PUBLIC_HEAD " nor " SECRET_HEAD);
    if (count < least || count > WORDS_MAX || parse_kind(words[1], &key->kind) != 0)
        return err_set(err, ERR_INPUT, "this key file is damaged; copy it again");
    if (check_name(words[2], err) != 0)
        return -1;
    public_word = words[least - 1];
    if (!is_key_text(public_word) || (is_secret && !is_key_text(words[3])))
        return err_set(err, ERR_INPUT, "the key in it is damaged; copy the file again");
    memcpy(key->name, words[2], strlen(words[2]));
    memcpy(key->public_text, public_word, KEY_TEXT - 1);
    if (is_secret)
        memcpy(key->secret_text, words[3], KEY_TEXT - 1);
    else if (count == 5)
        return key_roles_parse(words[4], &key->roles, err);
    return 0;
}

static int check_secret(const struct key *key, const struct stat *info, struct err *err)
{
    char public_text[KEY_TEXT];

    if ((info->st_mode & OTHERS) != 0)
        return err_set(err, ERR_DENIED,
            "others may read this secret key (mode %04o); make new keys if they did, else "
            "chmod 600",
            info->st_mode & 07777);
    if (zmq_curve_public(public_text, key->secret_text) != 0 ||
        !str_equal(public_text, key->public_text))
        return err_set(err, ERR_INPUT, "the secret and the public part are not of one pair");
    return 0;
}

int key_read(const char *path, struct key *key, struct err *err)
{
    char text[FILE_BYTES_MAX + 1];
    char *words[WORDS_MAX];
    struct key read = {0};
    struct stat info;
    int rc;

    if (read_text(path, text, &info, err) != 0)
        return -1;
    rc = parse_words(words, str_split(text, words, WORDS_MAX), &read, err);
    if (rc == 0 && read.secret_text[0] != '\0')
        rc = check_secret(&read, &info, err);
    explicit_bzero(text, sizeof text);
    if (rc != 0)
        return err_wrap(err, "%s", path);
    *key = read;
    return 0;
}
