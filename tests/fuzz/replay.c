/* The main of a fuzz target without a fuzzer: runs it on each file that it is given. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { INPUT_BYTES_MAX = 1 << 24 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        struct err err = {0};
        char *bytes = NULL;
        size_t count = 0;

        if (file_read(argv[i], INPUT_BYTES_MAX, &bytes, &count, &err) != 0) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], err.text);
            return 1;
        }
        (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes, count);
        mem_free(bytes);
    }
    return 0;
}
