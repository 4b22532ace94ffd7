#include "base/progress.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"

#include <sys/ioctl.h>
#include <unistd.h>

static const double PATIENCE_S = 1;
static const double PAUSE_S = 0.1;
static const double SHORT_S = 99.5; /* up to here time is told in seconds */

enum { COLUMNS_UNKNOWN = 80 };

struct progress progress_start(FILE *stream)
{
    return (struct progress){
        .stream = isatty(fileno(stream)) == 1 ? stream : NULL, .start_s = clock_monotonic_s()};
}

static bool is_due(struct progress *progress)
{
    double now_s;

    if (progress->stream == NULL)
        return false;
    now_s = clock_monotonic_s();
    if (now_s - progress->start_s < PATIENCE_S || now_s - progress->shown_s < PAUSE_S)
        return false;
    progress->shown_s = now_s;
    return true;
}

/* A line that wraps could not be wiped, so it ends before the terminal does. */
static void show(struct progress *progress, const char *line)
{
    struct winsize size = {0};
    size_t room = COLUMNS_UNKNOWN - 1;
    size_t bytes = 0;

    if (ioctl(fileno(progress->stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        room = size.ws_col - 1U;
    while (line[bytes] != '\0') {
        if (((unsigned char)line[bytes] & 0xC0) != 0x80 && room-- == 0)
            break;
        bytes++;
    }
    progress->is_shown = true;
    (void)fprintf(progress->stream, "\r\033[K%.*s", (int)bytes, line);
    (void)fflush(progress->stream);
}

void progress_note(struct progress *progress, const char *text)
{
    if (is_due(progress))
        show(progress, text);
}

static void add_time_left(struct str *line, double left_s)
{
    char text[32];

    if (left_s < SHORT_S)
        str_format(line, "  %.0f s left", left_s);
    else
        str_format(line, "  %s left", units_duration(left_s, text, sizeof text));
}

void progress_show(struct progress *progress, const char *what, double done, double total)
{
    char count[32];
    struct str line = {0};

    if (!is_due(progress))
        return;
    str_format(&line, "%s  %s", what, units_count(done, count, sizeof count));
    if (total > 0)
        str_format(&line, " of %s", units_count(total, count, sizeof count));
    if (total > 0 && done > 0 && done <= total)
        add_time_left(&line, (progress->shown_s - progress->start_s) * (total - done) / done);
    show(progress, str_text(&line));
    str_fini(&line);
}

void progress_end(struct progress *progress)
{
    if (progress->stream == NULL || !progress->is_shown)
        return;
    (void)fputs("\r\033[K", progress->stream);
    (void)fflush(progress->stream);
    progress->is_shown = false;
}
