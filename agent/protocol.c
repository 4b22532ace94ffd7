#include "agent/protocol.h"

#include "agent/protocol_private.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* What is left of the memory that a frame may take. */
struct allowance {
    size_t bytes;
};

static void *allowed_alloc(void *data, size_t size)
{
    struct allowance *allowance = data;

    if (size > allowance->bytes)
        return NULL;
    allowance->bytes -= size;
    return mem_zero(1, size);
}

static void allowed_free(void *data, void *memory)
{
    (void)data;
    mem_free(memory);
}

char *protocol_lend(const char *text)
{
    char *lent;

    memcpy(&lent, &text, sizeof lent);
    return lent;
}

void protocol_envelope_init(Wattyard__Envelope *envelope, Wattyard__Envelope__BodyCase kind,
    const unsigned char *cluster, uint64_t epoch, const char *host)
{
    wattyard__envelope__init(envelope);
    envelope->major = PROTOCOL_MAJOR;
    envelope->minor = PROTOCOL_MINOR;
    if (cluster != NULL) {
        envelope->cluster.len = PROTOCOL_ID_BYTES;
        memcpy(&envelope->cluster.data, &cluster, sizeof cluster);
    }
    envelope->epoch = epoch;
    if (host != NULL)
        envelope->host = protocol_lend(host);
    envelope->body_case = kind;
}

int protocol_pack(const Wattyard__Envelope *envelope, struct str *out, struct err *err)
{
    size_t size = wattyard__envelope__get_packed_size(envelope);
    unsigned char *bytes;
    int rc;

    if (size > PROTOCOL_FRAME_BYTES)
        return err_set(err, ERR_LIMIT, "a message of %zu bytes is over the limit of %d", size,
            PROTOCOL_FRAME_BYTES);
    bytes = mem_zero(1, size);
    (void)wattyard__envelope__pack(envelope, bytes);
    protocol_wire_mend(&wattyard__envelope__descriptor, bytes, size);
    rc = protocol_wire_check(&wattyard__envelope__descriptor, bytes, size, err);
    if (rc == 0)
        str_add_bytes(out, (const char *)bytes, size);
    mem_free(bytes);
    return rc;
}

Wattyard__Envelope *protocol_unpack(const void *bytes, size_t count, struct err *err)
{
    struct allowance allowance = {PROTOCOL_UNPACKED_BYTES};
    ProtobufCAllocator allocator = {allowed_alloc, allowed_free, &allowance};
    Wattyard__Envelope *envelope;
    uint32_t major = 0;

    if (count > PROTOCOL_FRAME_BYTES) {
        (void)err_set(err, ERR_INPUT, "a message of %zu bytes is over the limit of %d", count,
            PROTOCOL_FRAME_BYTES);
        return NULL;
    }
    if (protocol_wire_major(bytes, count, &major, err) != 0)
        return NULL;
    if (major != PROTOCOL_MAJOR) {
        (void)err_set(err, ERR_STATE,
            "it speaks version %u of the protocol, and we speak version %d; install the same "
            "release on both sides",
            major, PROTOCOL_MAJOR);
        return NULL;
    }
    if (protocol_wire_check(&wattyard__envelope__descriptor, bytes, count, err) != 0)
        return NULL;
    envelope = wattyard__envelope__unpack(&allocator, count, bytes);
    if (envelope == NULL) {
        (void)err_set(err, ERR_INPUT, "the message cannot be unpacked within %d MiB",
            PROTOCOL_UNPACKED_BYTES / 1024 / 1024);
        return NULL;
    }
    if (envelope->body_case == WATTYARD__ENVELOPE__BODY__NOT_SET) {
        (void)err_set(err, ERR_INPUT, "the message has no body that is known here");
        protocol_free(envelope);
        return NULL;
    }
    return envelope;
}

void protocol_free(Wattyard__Envelope *envelope)
{
    ProtobufCAllocator allocator = {NULL, allowed_free, NULL};

    if (envelope != NULL)
        wattyard__envelope__free_unpacked(envelope, &allocator);
}

void protocol_make_id(unsigned char id[PROTOCOL_ID_BYTES])
{
    size_t done = 0;

    while (done < PROTOCOL_ID_BYTES) {
        ssize_t got = getrandom(id + done, PROTOCOL_ID_BYTES - done, 0);

        if (got > 0)
            done += (size_t)got;
        else if (errno != EINTR)
            abort(); /* a kernel without random numbers can make no keys either */
    }
}

const char *protocol_id_text(const unsigned char id[PROTOCOL_ID_BYTES], char *buffer)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *end = buffer;

    for (size_t i = 0; i < PROTOCOL_ID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *end++ = '-';
        *end++ = DIGITS[id[i] >> 4];
        *end++ = DIGITS[id[i] & 15];
    }
    *end = '\0';
    return buffer;
}
