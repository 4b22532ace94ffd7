/* Whatever the bytes, a message is refused with a reason, or can be sent on as it is. */
#include "agent/protocol.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    Wattyard__Envelope *first = protocol_unpack(data, size, &err), *second;
    struct str once = {0}, twice = {0};

    if (first == NULL) {
        must(err.kind == ERR_INPUT || err.kind == ERR_STATE);
        return 0;
    }
    must(protocol_pack(first, &once, &err) == 0);
    second = protocol_unpack(once.text, once.length, &err);
    must(second != NULL);
    must(protocol_pack(second, &twice, &err) == 0);
    must(once.length == twice.length && memcmp(once.text, twice.text, once.length) == 0);
    protocol_free(first);
    protocol_free(second);
    str_fini(&once);
    str_fini(&twice);
    return 0;
}
