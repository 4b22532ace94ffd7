/*
 * protocol_keys: CURVE keys as files, as ssh has them: NAME.key (secret, mode 0600) and NAME.pub, a
 * line of text each:
 *   wattyard-secret-1 host oregon-h1-f01-r01-t01 <40 characters Z85> <public, 40 characters Z85>
 *   wattyard-public-1 user ada <40 characters Z85> view,submit
 *
 * A key folder of a scheduler: scheduler.key, scheduler.pub, hosts/NAME.pub, users/NAME.pub. An
 * agent's or a person's has its own .key and scheduler.pub.
 */
#ifndef AGENT_PROTOCOL_KEYS_H
#define AGENT_PROTOCOL_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum { KEY_TEXT = 41, KEY_NAME = 129 };

enum key_kind { KEY_SCHEDULER, KEY_HOST, KEY_USER };
extern const char *const KEY_KIND_NAMES[];
enum key_role { KEY_VIEW = 1, KEY_SUBMIT = 2, KEY_OPERATE = 4 };

struct key {
    enum key_kind kind;
    char name[KEY_NAME];
    char public_text[KEY_TEXT];
    char secret_text[KEY_TEXT]; /* "": a public one */
    unsigned roles;             /* of users: bits of enum key_role */
};

/* A new pair. */
int key_make(
    enum key_kind kind, const char *name, unsigned roles, struct key *key, struct err *err);
/* Write folder/NAME.key (0600) and folder/NAME.pub; an existing file is never overwritten. A
 * failure leaves neither. Roles are in the public file alone. */
int key_write(const struct key *key, const char *folder, struct err *err);
int key_write_public(const struct key *key, const char *folder, struct err *err);
/* Read one; a secret that others may read is refused, as ssh does. */
int key_read(const char *path, struct key *key, struct err *err);

/*
 * All public keys of hosts and users of a scheduler's folder, looked up by public key. NULL with
 * err: a file that is no public key, or stands under another's name, or two with one key. A folder
 * that is not there holds none. Load anew to see changes; release with key_ring_destroy.
 */
struct key_ring; /* opaque */
struct key_ring *key_ring_load(const char *folder, struct err *err);
void key_ring_destroy(struct key_ring *ring);
/* By the 32 raw bytes of a CURVE public key; NULL: a stranger. Safe to call from several threads.
 */
const struct key *key_ring_find(const struct key_ring *ring, const unsigned char public_bytes[32]);
size_t key_ring_count(const struct key_ring *ring);

/* "view,submit" into bits; -1 with err, *roles untouched. */
int key_roles_parse(const char *text, unsigned *roles, struct err *err);

#endif
