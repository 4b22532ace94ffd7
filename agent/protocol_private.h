/*
 * protocol_private: what protocol.c asks of the bytes of a frame before a library reads them.
 */
#ifndef AGENT_PROTOCOL_PRIVATE_H
#define AGENT_PROTOCOL_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct ProtobufCMessageDescriptor;

/*
 * Walk the bytes of a message by its descriptor: tags, lengths and wire types are right, no single
 * field is there twice, text is UTF-8 without control characters, numbers are finite, and byte
 * fields have the lengths of the table in protocol_wire.c. Fields that the descriptor does not know
 * are skipped. Allocates nothing. -1 with err (ERR_INPUT) naming the field.
 */
int protocol_wire_check(const struct ProtobufCMessageDescriptor *message, const void *bytes,
    size_t count, struct err *err);

/* Make the text of a message of our own such as it passes that check: control characters become
 * blanks, bytes that are no UTF-8 '?'. */
void protocol_wire_mend(
    const struct ProtobufCMessageDescriptor *message, unsigned char *bytes, size_t count);

/* The envelope's `major` alone (0: it has none), whatever else stands there; other majors may mean
 * other things by the rest. -1 with err: the bytes are no message. */
int protocol_wire_major(const void *bytes, size_t count, uint32_t *major, struct err *err);

#endif
