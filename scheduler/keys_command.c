/* `wattyard keys`: makes the keys of a scheduler, its hosts and its users. Asks nobody. */
#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/str.h"
#include "scheduler/client.h"
#include "scheduler/commands.h"
#include "topologies/fleet.h"

#include <stddef.h>
#include <sys/stat.h>

enum { WORDS_MAX = 10000, SECRET_FOLDER_MODE = 0700 };

struct keys_options {
    const char *fleet, *roles;
};

static const struct option OPTIONS[] = {
    {"fleet", 0, OPTION_TEXT, offsetof(struct keys_options, fleet), "FILE",
        "of host: all hosts of this fleet file", 0, 0, NULL},
    {"roles", 0, OPTION_TEXT, offsetof(struct keys_options, roles), "ROLES",
        "of user: view, submit, operate, or several with commas (default view,submit)", 0, 0, NULL},
};

/* A key folder of a scheduler. */
struct keys {
    const char *folder;
    struct key scheduler; /* its public half */
};

/* FOLDER/NAME made if need be; gives its path (mem_free), NULL with err. */
static char *make_folder(const char *folder, const char *name, struct err *err)
{
    struct str path = {0};

    str_format(&path, "%s/%s", folder, name);
    if (file_make_folder(str_text(&path), err) == 0)
        return path.text;
    str_fini(&path);
    return NULL;
}

static int init(const char *folder, FILE *out, struct err *err)
{
    static const char *const subfolders[] = {"hosts", "users", "hand-out"};
    struct key key = {0};

    if (file_make_folder(folder, err) != 0)
        return -1;
    if (chmod(folder, SECRET_FOLDER_MODE) != 0)
        return err_set_errno(err, "%s", folder);
    for (size_t i = 0; i < sizeof subfolders / sizeof *subfolders; i++) {
        char *path = make_folder(folder, subfolders[i], err);

        if (path == NULL)
            return -1;
        mem_free(path);
    }
    if (key_make(KEY_SCHEDULER, "scheduler", 0, &key, err) != 0 ||
        key_write(&key, folder, err) != 0)
        return -1;
    (void)fprintf(out, "%s/scheduler.key and scheduler.pub: the scheduler's\n", folder);
    return 0;
}

/* The folder is one that init made. */
static int open_folder(const char *folder, struct keys *keys, struct err *err)
{
    struct str path = {0};
    int rc;

    keys->folder = folder;
    str_format(&path, "%s/scheduler.pub", folder);
    rc = key_read(str_text(&path), &keys->scheduler, err);
    str_fini(&path);
    return rc == 0 ? 0 : err_wrap(err, "make the folder with wattyard keys init %s first", folder);
}

static void forget_public(const char *folder, const char *name)
{
    struct str path = {0};

    str_format(&path, "%s/%s.pub", folder, name);
    (void)remove(str_text(&path));
    str_fini(&path);
}

/* A pair for NAME: the public half into the scheduler's folder, all that its owner needs into
 * hand-out/NAME. */
static int add(const struct keys *keys, enum key_kind kind, const char *name, unsigned roles,
    FILE *out, struct err *err)
{
    struct key key = {0};
    char *known = NULL, *all = NULL, *own = NULL;
    int rc = -1;

    if (key_make(kind, name, roles, &key, err) != 0)
        return -1;
    known = make_folder(keys->folder, kind == KEY_HOST ? "hosts" : "users", err);
    all = known != NULL ? make_folder(keys->folder, "hand-out", err) : NULL;
    own = all != NULL ? make_folder(all, name, err) : NULL;
    if (own == NULL)
        goto out;
    /* the public half first: it is what says that the name has a key */
    if (key_write_public(&key, known, err) != 0)
        goto out;
    if (key_write(&key, own, err) != 0 || key_write_public(&keys->scheduler, own, err) != 0) {
        forget_public(known, name);
        goto out;
    }
    (void)fprintf(out, "%s: give it to %s %s\n", own, kind == KEY_HOST ? "host" : "user", name);
    rc = 0;
out:
    mem_free(own);
    mem_free(all);
    mem_free(known);
    return rc;
}

static int add_hosts(
    const struct keys *keys, const char *const *words, size_t count, FILE *out, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct hostlist list = {0};
        int rc = 0;

        if (hostlist_expand(words[i], HOSTLIST_NAMES_MAX, &list, err) != 0)
            return err_wrap(err, "'%.60s'", words[i]);
        for (size_t k = 0; k < list.count && rc == 0; k++)
            rc = add(keys, KEY_HOST, list.names[k], 0, out, err);
        hostlist_fini(&list);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int add_fleet(const struct keys *keys, const char *path,
    const struct command_context *context, struct err *err)
{
    struct faults faults = {0};
    struct fleet *fleet = fleet_load(path, context->data_folder, &faults);
    int rc = fleet != NULL ? 0 : faults_to_err(&faults, err);

    for (int host = 0; fleet != NULL && host < fleet->host_count && rc == 0; host++) {
        char name[FLEET_NAME_SIZE];

        rc = add(keys, KEY_HOST, fleet_host_name(fleet, host, name), 0, context->out, err);
    }
    fleet_destroy(fleet);
    faults_fini(&faults);
    return rc;
}

/* words: init DIR | host DIR NAMES… | user DIR NAME */
static int act(const struct keys_options *options, const char *const *words, size_t count,
    const struct command_context *context, struct err *err)
{
    struct keys keys = {0};
    unsigned roles = 0;
    bool is_host = str_equal(words[0], "host");

    if (str_equal(words[0], "init") && count == 2)
        return init(words[1], context->out, err);
    if (is_host && (options->fleet != NULL ? count == 2 : count > 2)) {
        if (open_folder(words[1], &keys, err) != 0)
            return -1;
        return options->fleet != NULL ? add_fleet(&keys, options->fleet, context, err)
                                      : add_hosts(&keys, words + 2, count - 2, context->out, err);
    }
    if (str_equal(words[0], "user") && count == 3) {
        if (key_roles_parse(options->roles != NULL ? options->roles : "view,submit", &roles, err) !=
            0)
            return -1;
        return open_folder(words[1], &keys, err) == 0
                   ? add(&keys, KEY_USER, words[2], roles, context->out, err)
                   : -1;
    }
    return err_set(err, ERR_USAGE,
        "write: wattyard keys init DIR, wattyard keys host DIR NAMES… (or --fleet FILE), or "
        "wattyard keys user DIR NAME --roles view,submit");
}

static int run(
    const struct command *command, int argc, char **argv, const struct command_context *context)
{
    struct keys_options options = {0};
    const char **words = mem_zero((size_t)argc + 1, sizeof *words);
    size_t count = 0;
    struct err err = {0};
    int status = options_begin(command, argc, argv, &options, words, &count, context);

    if (status < 0)
        status = act(&options, words, count, context, &err) == 0
                     ? 0
                     : client_fail(command, context, &err);
    mem_free(words);
    return status;
}

const struct command KEYS_COMMAND = {.name = "keys",
    .arguments = "init DIR | host DIR NAMES… | user DIR NAME",
    .summary = "make the keys that scheduler, hosts and people know each other by",
    .details =
        "`init` makes the scheduler's key folder: scheduler.key (secret), scheduler.pub, hosts/ "
        "and users/ with a public key for each who may connect, and hand-out/.\n\n"
        "`host` and `user` make a key for each name, put its public half into the folder, and what "
        "its owner needs into hand-out/NAME: NAME.key, NAME.pub, scheduler.pub. Bring that to the "
        "host (/etc/wattyard/keys) or the person (~/.config/wattyard/keys), then delete it here. "
        "NAMES are hostlists. A host's key speaks for that host alone.\n\n"
        "Roles of a user: view (look at everything), submit (and act on one's own jobs), operate "
        "(hosts, power, fleet, everybody's jobs). Deleting NAME.pub takes the key's rights "
        "away.\n\n"
        "An existing key is never overwritten.",
    .examples = "wattyard keys init /etc/wattyard/keys\n"
                "wattyard keys host /etc/wattyard/keys --fleet fleet.xml\n"
                "wattyard keys user /etc/wattyard/keys ada --roles view,submit",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .positional_min = 1,
    .positional_max = WORDS_MAX,
    .run = run};
