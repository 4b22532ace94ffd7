#include "tests/support/terminal.h"

#include "base/str.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

struct terminal terminal_open(int columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    struct terminal terminal = {.reader = posix_openpt(O_RDWR | O_NOCTTY)};
    struct termios mode;
    char name[128];
    int writer;

    ck_assert_int_ge(terminal.reader, 0);
    ck_assert_int_eq(grantpt(terminal.reader), 0);
    ck_assert_int_eq(unlockpt(terminal.reader), 0);
    ck_assert_int_eq(ptsname_r(terminal.reader, name, sizeof name), 0);
    writer = open(name, O_RDWR | O_NOCTTY);
    ck_assert_int_ge(writer, 0);
    /* What is written arrives as it is. */
    ck_assert_int_eq(tcgetattr(writer, &mode), 0);
    cfmakeraw(&mode);
    ck_assert_int_eq(tcsetattr(writer, TCSANOW, &mode), 0);
    ck_assert_int_eq(ioctl(writer, TIOCSWINSZ, &size), 0);
    terminal.stream = fdopen(writer, "w");
    ck_assert_ptr_nonnull(terminal.stream);
    return terminal;
}

char *terminal_close(struct terminal *terminal)
{
    struct str text = {0};
    char bytes[512];
    ssize_t count;

    ck_assert_int_eq(fclose(terminal->stream), 0);
    /* With no writer left, reading ends in an error once all is read. */
    while ((count = read(terminal->reader, bytes, sizeof bytes)) > 0)
        str_add_bytes(&text, bytes, (size_t)count);
    (void)close(terminal->reader);
    str_add(&text, "");
    return text.text;
}
