/* The public keys of a scheduler's folder, found by their bytes. */
#include "agent/protocol_keys.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zmq.h>

enum { KEY_BYTES = 32, KEYS_MAX = 1200000 };

struct ring_entry {
    unsigned char bytes[KEY_BYTES];
    struct key key;
};

/* Never written to once it is loaded. */
struct key_ring {
    struct ring_entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* entry + 1, 0: free; a power of two of them, at most half full */
    size_t slot_count;
};

static const struct {
    const char *folder;
    enum key_kind kind;
} FOLDERS[] = {{"hosts", KEY_HOST}, {"users", KEY_USER}};

/* Public keys are as good as random. */
static size_t slot_of(const struct key_ring *ring, const unsigned char *bytes)
{
    uint64_t hash;

    memcpy(&hash, bytes, sizeof hash);
    return (size_t)hash & (ring->slot_count - 1);
}

static size_t find_slot(const struct key_ring *ring, const unsigned char *bytes)
{
    size_t slot = slot_of(ring, bytes);

    while (ring->slots[slot] != 0 &&
           memcmp(ring->entries[ring->slots[slot] - 1].bytes, bytes, KEY_BYTES) != 0)
        slot = (slot + 1) & (ring->slot_count - 1);
    return slot;
}

static int add_file(struct key_ring *ring, const char *folder, const char *file, enum key_kind kind,
    struct err *err)
{
    struct str path = {0};
    struct ring_entry entry = {0};
    size_t stem = strlen(file) - strlen(".pub");
    int rc = -1;

    str_format(&path, "%s/%s", folder, file);
    if (key_read(str_text(&path), &entry.key, err) != 0)
        goto out;
    if (entry.key.secret_text[0] != '\0') {
        (void)err_set(err, ERR_INPUT, "%s: this is a secret key; only public ones belong here",
            str_text(&path));
        goto out;
    }
    if (entry.key.kind != kind || strlen(entry.key.name) != stem ||
        strncmp(entry.key.name, file, stem) != 0) {
        (void)err_set(err, ERR_INPUT,
            "%s: this is the key of %s %s; name the file so, or remove it", str_text(&path),
            KEY_KIND_NAMES[entry.key.kind], entry.key.name);
        goto out;
    }
    (void)zmq_z85_decode(entry.bytes, entry.key.public_text);
    ring->entries = mem_grow(ring->entries, ring->count, &ring->capacity, sizeof *ring->entries);
    ring->entries[ring->count++] = entry;
    rc = 0;
out:
    str_fini(&path);
    return rc;
}

static int add_folder(struct key_ring *ring, const char *path, enum key_kind kind, struct err *err)
{
    DIR *folder = opendir(path);
    int rc = 0;

    if (folder == NULL)
        return errno == ENOENT ? 0 : err_set_errno(err, "%s", path);
    for (const struct dirent *file = readdir(folder); file != NULL && rc == 0;
         file = readdir(folder)) {
        if (file->d_name[0] == '.' || !str_ends_with(file->d_name, ".pub"))
            continue;
        rc = ring->count < KEYS_MAX
                 ? add_file(ring, path, file->d_name, kind, err)
                 : err_set(err, ERR_LIMIT, "%s: more than %d keys", path, KEYS_MAX);
    }
    (void)closedir(folder);
    return rc;
}

static int build_slots(struct key_ring *ring, struct err *err)
{
    ring->slot_count = 16;
    while (ring->slot_count < 2 * ring->count)
        ring->slot_count *= 2;
    ring->slots = mem_zero(ring->slot_count, sizeof *ring->slots);
    for (size_t i = 0; i < ring->count; i++) {
        size_t slot = find_slot(ring, ring->entries[i].bytes);

        if (ring->slots[slot] != 0) {
            const struct key *other = &ring->entries[ring->slots[slot] - 1].key;

            return err_set(err, ERR_INPUT, "%s %s and %s %s have the same key; each needs its own",
                KEY_KIND_NAMES[other->kind], other->name, KEY_KIND_NAMES[ring->entries[i].key.kind],
                ring->entries[i].key.name);
        }
        ring->slots[slot] = (uint32_t)i + 1;
    }
    return 0;
}

struct key_ring *key_ring_load(const char *folder, struct err *err)
{
    struct key_ring *ring = mem_zero(1, sizeof *ring);
    int rc = 0;

    for (size_t i = 0; i < sizeof FOLDERS / sizeof *FOLDERS && rc == 0; i++) {
        struct str path = {0};

        str_format(&path, "%s/%s", folder, FOLDERS[i].folder);
        rc = add_folder(ring, str_text(&path), FOLDERS[i].kind, err);
        str_fini(&path);
    }
    if (rc == 0)
        rc = build_slots(ring, err);
    if (rc == 0)
        return ring;
    key_ring_destroy(ring);
    return NULL;
}

void key_ring_destroy(struct key_ring *ring)
{
    if (ring == NULL)
        return;
    mem_free(ring->entries);
    mem_free(ring->slots);
    mem_free(ring);
}

const struct key *key_ring_find(const struct key_ring *ring, const unsigned char public_bytes[32])
{
    uint32_t found = ring->slots[find_slot(ring, public_bytes)];

    return found == 0 ? NULL : &ring->entries[found - 1].key;
}

size_t key_ring_count(const struct key_ring *ring)
{
    return ring->count;
}
