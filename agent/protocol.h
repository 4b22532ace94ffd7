/*
 * protocol: the messages of protocol.proto as frames: packing, and unpacking of hostile bytes.
 * PROTOCOL.md defines the exchanges. Used by the agent, the scheduler and people's commands.
 */
#ifndef AGENT_PROTOCOL_H
#define AGENT_PROTOCOL_H

#include <protocol.pb-c.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

enum {
    PROTOCOL_MAJOR = 1,
    PROTOCOL_MINOR = 0,
    PROTOCOL_FRAME_BYTES = 1024 * 1024,         /* longer ones are dropped */
    PROTOCOL_UNPACKED_BYTES = 32 * 1024 * 1024, /* memory that one frame may take */
    PROTOCOL_ID_BYTES = 16,
    PROTOCOL_PAGE_ROWS = 2000 /* of a list in one answer, at most */
};

/* An envelope with version and body kind set; the caller fills the body's pointer. */
void protocol_envelope_init(Wattyard__Envelope *envelope, Wattyard__Envelope__BodyCase kind,
    const unsigned char *cluster, uint64_t epoch, const char *host);

/* The generated structs hold `char *` where they only read: text lent to one for as long as it is
 * packed. */
char *protocol_lend(const char *text);

/* Append the packed envelope to *out. -1 with err, *out untouched: it is over PROTOCOL_FRAME_BYTES
 * (ERR_LIMIT), or holds a number that is not finite or an id of another length (ERR_INPUT; names
 * the field). Text goes out such as receivers take it, since some of it comes from outside (a
 * reason that quotes a path): control characters as blanks, what is no UTF-8 as '?'. A job's own
 * paths, arguments and environment go out as they are. */
int protocol_pack(const Wattyard__Envelope *envelope, struct str *out, struct err *err);

/*
 * Unpack one frame. Refuses (NULL with err, ERR_INPUT) what is too long, does not parse, takes more
 * than PROTOCOL_UNPACKED_BYTES, holds text that is not UTF-8 or has control characters (output and
 * manifests are bytes; a job's own paths, arguments and environment may have any of XML), an id or
 * cluster of another length, a number that is not finite, or no body that is known. Another major
 * is ERR_STATE, so that it can be told so. Release with protocol_free.
 */
Wattyard__Envelope *protocol_unpack(const void *bytes, size_t count, struct err *err);
void protocol_free(Wattyard__Envelope *envelope);

/* 16 random bytes (getrandom). */
void protocol_make_id(unsigned char id[PROTOCOL_ID_BYTES]);
/* "6f1c…" as UUIDs are written; buffer of 37 bytes. Returns buffer. */
const char *protocol_id_text(const unsigned char id[PROTOCOL_ID_BYTES], char *buffer);

#endif
