#include "tests/support/message_random.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum { REPEATED_MAX = 4 };

static const char *const TEXTS[] = {
    "", "a", "oregon-h1-f03-r07-t12", "r[01-04]", "größer als 10 kW", "日本語", "a b  c"};

static void *member(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

static ProtobufCMessage *make(
    const ProtobufCMessageDescriptor *descriptor, struct rng *rng, struct arena *arena);

static void fill_bytes(const ProtobufCFieldDescriptor *field, ProtobufCBinaryData *out,
    struct rng *rng, struct arena *arena)
{
    bool is_id = str_equal(field->name, "id") || str_equal(field->name, "cluster");

    out->len = is_id ? PROTOCOL_ID_BYTES : (size_t)rng_between(rng, 0, 40);
    out->data = arena_zero(arena, 1, out->len);
    for (size_t i = 0; i < out->len; i++)
        out->data[i] = (unsigned char)rng_next(rng);
}

static void fill_enum(const ProtobufCFieldDescriptor *field, int *out, struct rng *rng)
{
    const ProtobufCEnumDescriptor *values = field->descriptor;

    *out = values->values[rng_between(rng, 0, (int64_t)values->n_values - 1)].value;
}

/* Write one value at `out`; returns its size in the struct. */
static size_t fill_value(
    const ProtobufCFieldDescriptor *field, void *out, struct rng *rng, struct arena *arena)
{
    uint64_t bits = rng_next(rng) >> rng_between(rng, 0, 63);
    double number = (rng_unit(rng) - 0.3) * 1e6;
    char *text;
    ProtobufCMessage *inner;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        text = arena_copy_text(
            arena, TEXTS[rng_between(rng, 0, (int64_t)(sizeof TEXTS / sizeof *TEXTS) - 1)]);
        memcpy(out, &text, sizeof text);
        return sizeof text;
    case PROTOBUF_C_TYPE_BYTES:
        fill_bytes(field, out, rng, arena);
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
        inner = make(field->descriptor, rng, arena);
        memcpy(out, &inner, sizeof inner);
        return sizeof inner;
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(out, &number, sizeof number);
        return sizeof number;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)out = (int)(bits & 1);
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        fill_enum(field, out, rng);
        return sizeof(int);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(out, &(uint32_t){(uint32_t)bits >> 9}, sizeof(uint32_t));
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        break;
    }
    memcpy(out, &bits, sizeof bits);
    return sizeof bits;
}

static void fill_repeated(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
    struct rng *rng, struct arena *arena)
{
    size_t count = (size_t)rng_between(rng, 0, REPEATED_MAX);
    char *list = arena_zero(arena, REPEATED_MAX, sizeof(ProtobufCBinaryData));
    char *at = list;

    for (size_t i = 0; i < count; i++)
        at += fill_value(field, at, rng, arena);
    memcpy(member(message, field->quantifier_offset), &count, sizeof count);
    if (count > 0)
        memcpy(member(message, field->offset), &list, sizeof(void *));
}

/* The field of the oneof that is to be there; NULL: the message has no oneof. */
static const ProtobufCFieldDescriptor *pick_body(
    const ProtobufCMessageDescriptor *descriptor, struct rng *rng)
{
    const ProtobufCFieldDescriptor *picked = NULL;
    int64_t seen = 0;

    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if ((descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            rng_between(rng, 0, seen++) == 0)
            picked = &descriptor->fields[i];
    return picked;
}

static ProtobufCMessage *make(
    const ProtobufCMessageDescriptor *descriptor, struct rng *rng, struct arena *arena)
{
    ProtobufCMessage *message = arena_zero(arena, 1, descriptor->sizeof_message);
    const ProtobufCFieldDescriptor *body = pick_body(descriptor, rng);

    descriptor->message_init(message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool is_needed = str_equal(field->name, "id");

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            if (field != body)
                continue;
            memcpy(member(message, field->quantifier_offset), &field->id, sizeof field->id);
            (void)fill_value(field, member(message, field->offset), rng, arena);
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            fill_repeated(field, message, rng, arena);
        } else if (is_needed || rng_between(rng, 0, 3) > 0) {
            (void)fill_value(field, member(message, field->offset), rng, arena);
        }
    }
    return message;
}

Wattyard__Envelope *message_random(struct rng *rng, struct arena *arena)
{
    ProtobufCMessage *message = make(&wattyard__envelope__descriptor, rng, arena);
    Wattyard__Envelope *envelope;

    memcpy(&envelope, &message, sizeof envelope);
    envelope->major = PROTOCOL_MAJOR;
    return envelope;
}
