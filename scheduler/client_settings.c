/* Flags first, then the environment, then the file, then what is usual. */
#include "base/embed.h"
#include "base/err.h"
#include "base/faults.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xml.h"
#include "scheduler/client.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

EMBED_DECLARE(client_rng);

struct client_file {
    const char *scheduler, *keys;
};

static const struct xml_field FIELDS[] = {
    {"scheduler", XML_TEXT, XML_OPTIONAL, offsetof(struct client_file, scheduler), 0, 0, NULL},
    {"keys", XML_TEXT, XML_OPTIONAL, offsetof(struct client_file, keys), 0, 0, NULL},
};
static const struct xml_limits LIMITS = {
    .file_bytes = 64 * 1024, .total_bytes = 64 * 1024, .element_depth = 4, .element_count = 100};

/* "FOLDER/wattyard/NAME" of the user's settings; gives (mem_free). NULL: there is no home. */
static char *usual_path(const char *name)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    struct str path = {0};

    if (folder != NULL && folder[0] == '/')
        str_format(&path, "%s/wattyard/%s", folder, name);
    else if (home != NULL && home[0] == '/')
        str_format(&path, "%s/.config/wattyard/%s", home, name);
    return path.text;
}

/* A path of the file: from home with "~/", else relative to the file. Gives (mem_free). */
static char *resolve(const char *file, const char *path)
{
    const char *home = getenv("HOME");
    struct str resolved = {0};

    if (!str_starts_with(path, "~/") || home == NULL)
        return file_beside(file, path);
    str_format(&resolved, "%s%s", home, path + 1);
    return resolved.text;
}

static int read_root(const char *path, const struct xml_document *document,
    struct client_settings *settings, struct faults *faults)
{
    static const char *const no_children[] = {NULL};
    const struct xml_node *root = xml_root(document);
    struct client_file file = {0};
    struct arena *arena = arena_create();
    int rc = -1;

    if (!xml_is(root, "client")) {
        (void)xml_fault(root, faults, "the settings of a client are a <client>");
        goto out;
    }
    if (xml_read(root, FIELDS, sizeof FIELDS / sizeof *FIELDS, &file, arena, faults) != 0 ||
        xml_check_children(root, no_children, false, faults) != 0 ||
        xml_check_schema(document, embed_client_rng, (size_t)embed_client_rng_bytes, faults) != 0)
        goto out;
    if (settings->address == NULL && file.scheduler != NULL)
        settings->address = mem_copy_text(file.scheduler);
    if (settings->key == NULL && file.keys != NULL)
        settings->key = resolve(path, file.keys);
    rc = 0;
out:
    arena_destroy(arena);
    return rc;
}

static int read_file(const char *path, struct client_settings *settings, struct err *err)
{
    struct faults faults = {0};
    struct xml_document *document = xml_load(path, &LIMITS, NULL, &faults);
    int rc = 0;

    if (document == NULL || read_root(path, document, settings, &faults) != 0)
        rc = faults_to_err(&faults, err);
    xml_destroy(document);
    faults_fini(&faults);
    return rc;
}

/* A flag, else a variable; gives (mem_free), or NULL. */
static char *pick(const char *flag, const char *variable)
{
    const char *value = flag != NULL ? flag : getenv(variable);

    return value != NULL && value[0] != '\0' ? mem_copy_text(value) : NULL;
}

int client_settings_find(
    const struct client_flags *flags, struct client_settings *settings, struct err *err)
{
    struct client_settings found = {
        .address = pick(flags->scheduler, "WATTYARD_SCHEDULER"),
        .key = pick(flags->key, "WATTYARD_KEYS"),
    };
    char *usual = usual_path("config.xml");
    int rc = 0;

    if (flags->config != NULL)
        rc = read_file(flags->config, &found, err);
    else if (usual != NULL && access(usual, F_OK) == 0)
        rc = read_file(usual, &found, err);
    mem_free(usual);
    if (rc != 0) {
        client_settings_fini(&found);
        return -1;
    }
    if (found.address == NULL)
        found.address = mem_copy_text(CLIENT_ADDRESS_DEFAULT);
    if (found.key == NULL)
        found.key = usual_path("keys");
    *settings = found;
    return 0;
}

void client_settings_fini(struct client_settings *settings)
{
    mem_free(settings->address);
    mem_free(settings->key);
    *settings = (struct client_settings){0};
}

/* The only .key of the folder; gives (mem_free). */
static char *only_key(const char *path, struct err *err)
{
    DIR *folder = opendir(path);
    struct str found = {0};
    int count = 0;

    if (folder == NULL) {
        (void)err_set_errno(err, "%s", path);
        return NULL;
    }
    for (const struct dirent *file = readdir(folder); file != NULL; file = readdir(folder))
        if (str_ends_with(file->d_name, ".key") && count++ == 0)
            str_format(&found, "%s/%s", path, file->d_name);
    (void)closedir(folder);
    if (count == 1)
        return found.text;
    if (count == 0)
        (void)err_set(err, ERR_INPUT,
            "%s: there is no .key in it; whoever runs the scheduler makes one with wattyard keys "
            "user",
            path);
    else
        (void)err_set(err, ERR_INPUT, "%s: %d keys are in it; name one with --key", path, count);
    str_fini(&found);
    return NULL;
}

char *client_settings_key_file(const char *key, const char *user, struct err *err)
{
    struct str path = {0};
    struct stat info;

    if (key == NULL || stat(key, &info) != 0) {
        (void)err_set(err, ERR_INPUT,
            "there is no key at %s; ask whoever runs the scheduler for one (wattyard keys user), "
            "and name it with --key or WATTYARD_KEYS",
            key != NULL ? key : "~/.config/wattyard/keys");
        return NULL;
    }
    if (!S_ISDIR(info.st_mode))
        return mem_copy_text(key);
    if (user != NULL && user[0] != '\0') {
        str_format(&path, "%s/%s.key", key, user);
        if (access(str_text(&path), F_OK) == 0)
            return path.text;
        str_fini(&path);
    }
    return only_key(key, err);
}
