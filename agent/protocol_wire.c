/*
 * The wire format of Protocol Buffers, walked by protobuf-c's descriptors. protobuf-c itself takes
 * text as it comes, cuts it at a zero byte, and merges what is there twice.
 */
#include "agent/protocol_private.h"
#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <protocol.pb-c.h>
#include <stdbool.h>
#include <string.h>

enum {
    ID_BYTES = 16,
    CURSOR_BYTES_MAX = 1024,
    MANIFEST_BYTES_MAX = 256 * 1024,
    FIELD_NUMBER_MAX = (1 << 29) - 1,
    VARINT_BYTES_MAX = 10
};

enum field_rule {
    RULE_ID,          /* 16 bytes, and never left out */
    RULE_ID_OR_EMPTY, /* 16 bytes, or none */
    RULE_CURSOR,      /* where a list goes on; its maker alone reads it */
    RULE_MANIFEST,
    RULE_ANY, /* bytes as long as the frame allows */
    RULE_OWN  /* text of a job's own, kept as it is: all that XML can hold */
};

static const struct {
    const char *message, *field;
    enum field_rule rule;
} FIELD_RULES[] = {
    {"Envelope", "cluster", RULE_ID_OR_EMPTY},
    {"Request", "id", RULE_ID},
    {"Answer", "id", RULE_ID},
    {"Answer", "next", RULE_CURSOR},
    {"Answer", "fleet_xml", RULE_ANY},
    {"OutputPage", "bytes", RULE_ANY},
    {"Submit", "manifest", RULE_MANIFEST},
    {"JobDetail", "manifest", RULE_MANIFEST},
    {"ApplyFleet", "xml", RULE_ANY},
    {"ListJobs", "after", RULE_CURSOR},
    {"ShowJob", "after", RULE_CURSOR},
    {"ListHosts", "after", RULE_CURSOR},
    {"ListPower", "after", RULE_CURSOR},
    {"ListUsage", "after", RULE_CURSOR},
    {"ShowFleet", "after", RULE_CURSOR},
    {"ClusterInfo", "cluster", RULE_ID_OR_EMPTY},
    {"TaskSpec", "path", RULE_OWN},
    {"TaskSpec", "args", RULE_OWN},
    {"TaskSpec", "directory", RULE_OWN},
    {"TaskSpec", "output", RULE_OWN},
    {"EnvVar", "name", RULE_OWN},
    {"EnvVar", "value", RULE_OWN},
    {"JobDetail", "output", RULE_OWN},
};
enum { FIELD_RULE_COUNT = sizeof FIELD_RULES / sizeof *FIELD_RULES };

enum wire_type { WIRE_VARINT = 0, WIRE_8_BYTES = 1, WIRE_LENGTH = 2, WIRE_4_BYTES = 5 };

/* One field as it stands in the bytes. */
struct wire_field {
    uint32_t number;
    enum wire_type type;
    const unsigned char *bytes; /* its value; of WIRE_LENGTH what stands behind the length */
    size_t count;
    uint64_t varint;
};

struct wire {
    const unsigned char *bytes;
    size_t count, at;
};

static int read_varint(struct wire *wire, uint64_t *out)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_BYTES_MAX && wire->at < wire->count; i++) {
        unsigned char byte = wire->bytes[wire->at++];

        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return -1;
        value |= (uint64_t)(byte & 0x7fU) << (7 * i);
        if (byte < 0x80) {
            *out = value;
            return 0;
        }
    }
    return -1;
}

/* The next field; -1: the bytes end in the middle of it, or are none. */
static int read_field(struct wire *wire, struct wire_field *field)
{
    uint64_t tag, count = 0;

    if (read_varint(wire, &tag) != 0 || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
        return -1;
    *field = (struct wire_field){.number = (uint32_t)(tag >> 3), .type = (enum wire_type)(tag & 7)};
    field->bytes = wire->bytes + wire->at;
    switch (tag & 7) {
    case WIRE_VARINT:
        return read_varint(wire, &field->varint);
    case WIRE_8_BYTES:
        count = 8;
        break;
    case WIRE_4_BYTES:
        count = 4;
        break;
    case WIRE_LENGTH:
        if (read_varint(wire, &count) != 0)
            return -1;
        break;
    default:
        return -1;
    }
    if (count > wire->count - wire->at)
        return -1;
    field->bytes = wire->bytes + wire->at;
    field->count = (size_t)count;
    wire->at += (size_t)count;
    return 0;
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_8_BYTES;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_4_BYTES;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return WIRE_VARINT;
}

/* The rule of a field; what the table does not name is RULE_ID_OR_EMPTY for bytes (the strictest
 * that a new field can be forgotten under), and plain text for text. */
static int rule_of(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field,
    enum field_rule *rule)
{
    for (size_t i = 0; i < FIELD_RULE_COUNT; i++)
        if (str_equal(FIELD_RULES[i].message, message->short_name) &&
            str_equal(FIELD_RULES[i].field, field->name)) {
            *rule = FIELD_RULES[i].rule;
            return 0;
        }
    *rule = RULE_ID_OR_EMPTY;
    return -1;
}

static bool is_control(uint32_t code, bool is_own)
{
    if (is_own)
        return code < 0x20 && code != '\n' && code != '\t' && code != '\r';
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static const char *text_fault(const struct wire_field *wire, bool is_own)
{
    for (size_t at = 0; at < wire->count;) {
        uint32_t code = 0;
        size_t bytes = utf8_decode((const char *)wire->bytes + at, wire->count - at, &code);

        if (bytes == 0)
            return "is not UTF-8";
        if (is_control(code, is_own))
            return "has control characters";
        at += bytes;
    }
    return NULL;
}

static const char *bytes_fault(const struct wire_field *wire, enum field_rule rule)
{
    switch (rule) {
    case RULE_ID:
        return wire->count == ID_BYTES ? NULL : "is not 16 bytes long";
    case RULE_ID_OR_EMPTY:
        return wire->count == ID_BYTES || wire->count == 0 ? NULL : "is not 16 bytes long";
    case RULE_CURSOR:
        return wire->count <= CURSOR_BYTES_MAX ? NULL : "is over 1024 bytes long";
    case RULE_MANIFEST:
        return wire->count <= MANIFEST_BYTES_MAX ? NULL : "is over 256 KiB long";
    case RULE_ANY:
    case RULE_OWN:
        break;
    }
    return NULL;
}

static bool is_finite_number(const unsigned char *bytes, ProtobufCType type)
{
    double wide;
    float narrow;

    if (type == PROTOBUF_C_TYPE_DOUBLE) {
        memcpy(&wide, bytes, sizeof wide);
        return isfinite(wide);
    }
    if (type != PROTOBUF_C_TYPE_FLOAT)
        return true;
    memcpy(&narrow, bytes, sizeof narrow);
    return isfinite(narrow);
}

/* Numbers, one after the other, without tags. */
static const char *packed_fault(const struct wire_field *wire, ProtobufCType type)
{
    struct wire inside = {wire->bytes, wire->count, 0};
    enum wire_type each = wire_type_of(type);
    size_t width = each == WIRE_8_BYTES ? 8 : 4;
    uint64_t ignored;

    if (each == WIRE_VARINT) {
        while (inside.at < inside.count)
            if (read_varint(&inside, &ignored) != 0)
                return "is cut off";
        return NULL;
    }
    if (wire->count % width != 0)
        return "is cut off";
    for (size_t at = 0; at < wire->count; at += width)
        if (!is_finite_number(wire->bytes + at, type))
            return "is not a finite number";
    return NULL;
}

/* What is wrong with a field that is no message; NULL: nothing. */
static const char *value_fault(const ProtobufCMessageDescriptor *message,
    const ProtobufCFieldDescriptor *field, const struct wire_field *wire)
{
    enum field_rule rule;

    if (wire->type != wire_type_of(field->type))
        return field->label == PROTOBUF_C_LABEL_REPEATED && wire->type == WIRE_LENGTH
                   ? packed_fault(wire, field->type)
                   : "has another type";
    (void)rule_of(message, field, &rule);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return text_fault(wire, rule == RULE_OWN);
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return bytes_fault(wire, rule);
    if (wire->type != WIRE_VARINT && !is_finite_number(wire->bytes, field->type))
        return "is not a finite number";
    return NULL;
}

/* Which single fields a message had. */
struct seen {
    uint64_t fields; /* bit i: the i-th of the descriptor */
    bool has_body;   /* a field of the oneof; no message has two of these */
};

static bool is_seen_again(
    struct seen *seen, const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *f)
{
    uint64_t bit = (uint64_t)1 << (f - message->fields);
    bool again = (seen->fields & bit) != 0;

    seen->fields |= bit;
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        again = again || seen->has_body;
        seen->has_body = true;
    }
    return again && f->label != PROTOBUF_C_LABEL_REPEATED;
}

static int check_ids(
    const ProtobufCMessageDescriptor *message, const struct seen *seen, struct err *err)
{
    for (unsigned i = 0; i < message->n_fields; i++) {
        enum field_rule rule;

        if ((seen->fields >> i & 1) == 0 && rule_of(message, &message->fields[i], &rule) == 0 &&
            rule == RULE_ID)
            return err_set(
                err, ERR_INPUT, "%s has no %s", message->short_name, message->fields[i].name);
    }
    return 0;
}

/* Messages hold no message of their own kind, so this goes no deeper than the proto file does. */
int protocol_wire_check(const struct ProtobufCMessageDescriptor *message, const void *bytes,
    size_t count, struct err *err)
{
    struct wire wire = {bytes, count, 0};
    struct seen seen = {0};

    assert(message->n_fields <= 64);
    while (wire.at < wire.count) {
        const ProtobufCFieldDescriptor *field;
        struct wire_field value;
        const char *fault;

        if (read_field(&wire, &value) != 0)
            return err_set(err, ERR_INPUT, "%s is cut off or no message", message->short_name);
        field = protobuf_c_message_descriptor_get_field(message, value.number);
        if (field == NULL)
            continue;
        fault = is_seen_again(&seen, message, field) ? "is there twice"
                                                     : value_fault(message, field, &value);
        if (fault != NULL)
            return err_set(err, ERR_INPUT, "%s.%s %s", message->short_name, field->name, fault);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
            protocol_wire_check(field->descriptor, value.bytes, value.count, err) != 0)
            return -1;
    }
    return check_ids(message, &seen, err);
}

/* In place: no byte more or less. */
static void mend_text(unsigned char *bytes, size_t count, bool is_own)
{
    for (size_t at = 0; at < count;) {
        uint32_t code = 0;
        size_t width = utf8_decode((const char *)bytes + at, count - at, &code);

        if (width == 0)
            bytes[at] = '?';
        else if (is_control(code, is_own))
            memset(bytes + at, ' ', width);
        at += width == 0 ? 1 : width;
    }
}

void protocol_wire_mend(
    const struct ProtobufCMessageDescriptor *message, unsigned char *bytes, size_t count)
{
    struct wire wire = {bytes, count, 0};
    struct wire_field value;

    while (wire.at < wire.count && read_field(&wire, &value) == 0) {
        const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
            message, value.number);
        enum field_rule rule;

        if (field == NULL || value.type != WIRE_LENGTH)
            continue;
        (void)rule_of(message, field, &rule);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE)
            protocol_wire_mend(field->descriptor, bytes + (value.bytes - bytes), value.count);
        else if (field->type == PROTOBUF_C_TYPE_STRING)
            mend_text(bytes + (value.bytes - bytes), value.count, rule == RULE_OWN);
    }
}

int protocol_wire_major(const void *bytes, size_t count, uint32_t *major, struct err *err)
{
    struct wire wire = {bytes, count, 0};
    uint32_t found = 0;

    while (wire.at < wire.count) {
        struct wire_field value;

        if (read_field(&wire, &value) != 0)
            return err_set(err, ERR_INPUT, "the frame is cut off or no message");
        if (value.number == 1 && value.type == WIRE_VARINT)
            found = value.varint > UINT32_MAX ? UINT32_MAX : (uint32_t)value.varint;
    }
    *major = found;
    return 0;
}
