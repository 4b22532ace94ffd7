#include "base/progress.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/units.h"

#include <unistd.h>

static const double PATIENCE_S = 1;
static const double PAUSE_S = 0.1;

struct progress progress_start(FILE *stream)
{
    return (struct progress){
        .stream = isatty(fileno(stream)) ? stream : NULL, .start_s = clock_monotonic_s()};
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

void progress_note(struct progress *progress, const char *text)
{
    if (!is_due(progress))
        return;
    progress->is_shown = true;
    (void)fprintf(progress->stream, "\r\033[K%.100s", text);
    (void)fflush(progress->stream);
}

void progress_show(struct progress *progress, const char *what, double done, double total)
{
    char count[32];
    char of[32];
    char left[32];
    double spent_s;

    if (!is_due(progress))
        return;
    progress->is_shown = true;
    if (!(total > 0)) {
        (void)fprintf(
            progress->stream, "\r\033[K%.60s  %s", what, units_count(done, count, sizeof count));
        (void)fflush(progress->stream);
        return;
    }
    spent_s = progress->shown_s - progress->start_s;
    (void)fprintf(progress->stream, "\r\033[K%.60s  %s of %s", what,
        units_count(done, count, sizeof count), units_count(total, of, sizeof of));
    if (done > 0)
        (void)fprintf(progress->stream, "  %s left",
            units_duration(spent_s * (total - done) / done, left, sizeof left));
    (void)fflush(progress->stream);
}

void progress_end(struct progress *progress)
{
    if (progress->stream == NULL || !progress->is_shown)
        return;
    (void)fputs("\r\033[K", progress->stream);
    (void)fflush(progress->stream);
    progress->is_shown = false;
}
