#include "scheduler/store_place.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { FOLDER_MODE = 0700, LOCK_MODE = 0600, PID_SIZE = 32, LINE_SIZE = 4096, TYPE_SIZE = 64 };

static const unsigned long FUSE_MAGIC = 0x65735546;
static const unsigned long MAGIC_BITS = 0xffffffff; /* statfs's field may be signed */

/* From linux/magic.h and the file systems' own headers. */
static const struct {
    unsigned long magic;
    const char *name;
} NETWORKS[] = {
    {0x6969, "NFS"},
    {0x517b, "SMB"},
    {0xff534d42, "SMB (CIFS)"},
    {0xfe534d42, "SMB"},
    {0x01021997, "9P"},
    {0x00c36400, "Ceph"},
    {0x0bd00bd0, "Lustre"},
    {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"},
    {0xaad7aaea, "PanFS"},
    {0x20030528, "OrangeFS"},
    {0x01161970, "GFS2"},
    {0x7461636f, "OCFS2"},
    {0x5346414f, "AFS"},
    {0x6b414653, "AFS"},
    {0x73757245, "Coda"},
    {0x564c, "NCP"},
};

/* Those that FUSE shows but that lie on a disk of this machine. */
static const char *const LOCAL_FUSE[] = {"fuseblk", "fuse.fuse-overlayfs"};

const char *store_place_network(unsigned long magic, const char *type)
{
    magic &= MAGIC_BITS;
    for (size_t i = 0; i < sizeof NETWORKS / sizeof NETWORKS[0]; i++)
        if (NETWORKS[i].magic == magic)
            return NETWORKS[i].name;
    if (magic != FUSE_MAGIC)
        return NULL;
    for (size_t i = 0; i < sizeof LOCAL_FUSE / sizeof LOCAL_FUSE[0]; i++)
        if (str_equal(LOCAL_FUSE[i], type))
            return NULL;
    return "FUSE";
}

/* The type in a line of mountinfo ("36 35 98:0 /root /point options - TYPE source options") when it
 * is of the device. */
static bool read_type(char *line, dev_t device, char *type)
{
    char *dash = strstr(line, " - ");
    unsigned int large;
    unsigned int small;

    if (dash == NULL || sscanf(line, "%*d %*d %u:%u", &large, &small) != 2 ||
        makedev(large, small) != device)
        return false;
    dash += strlen(" - ");
    dash[strcspn(dash, " ")] = '\0';
    (void)snprintf(type, TYPE_SIZE, "%s", dash);
    return true;
}

static void find_type(dev_t device, char *type)
{
    char line[LINE_SIZE];
    FILE *file = fopen("/proc/self/mountinfo", "re");

    type[0] = '\0';
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL && !read_type(line, device, type))
        ;
    (void)fclose(file);
}

int store_place_prepare(const char *folder, struct err *err)
{
    char type[TYPE_SIZE];
    const char *network;
    struct statfs system;
    struct stat info;

    if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST)
        return err_set_errno(err, "the state folder %s can't be made", folder);
    if (stat(folder, &info) != 0 || statfs(folder, &system) != 0)
        return err_set_errno(err, "the state folder %s can't be read", folder);
    if (!S_ISDIR(info.st_mode))
        return err_set(err, ERR_IO, "%s is not a folder; give one for the state", folder);
    find_type(info.st_dev, type);
    network = store_place_network((unsigned long)system.f_type, type);
    if (network != NULL)
        return err_set(err, ERR_STATE,
            "the state folder %s is on a network file system (%s), where locks and syncs can't be "
            "trusted; give a folder on a disk of this machine",
            folder, network);
    return 0;
}

/* The lock file holds the pid of who has it; "" where it can't be told. */
static void read_pid(int fd, char *pid)
{
    ssize_t count = pread(fd, pid, PID_SIZE - 1, 0);

    pid[count < 0 ? 0 : count] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
}

static int refuse_locked(int fd, const char *folder, struct err *err)
{
    char pid[PID_SIZE];

    read_pid(fd, pid);
    return err_set(err, ERR_STATE,
        "the state folder %s is in use by another scheduler%s%s; stop it first, or give this one "
        "another folder",
        folder, pid[0] == '\0' ? "" : ", process ", pid);
}

/* For people; a full disk must not keep the scheduler from starting. */
static void write_pid(int fd)
{
    char pid[PID_SIZE];
    int length = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, pid, (size_t)length, 0);
}

int store_place_lock(const char *folder, struct err *err)
{
    struct str path = {0};
    int fd;

    str_format(&path, "%s/lock", folder);
    fd = open(str_text(&path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
    str_fini(&path);
    if (fd < 0)
        return err_set_errno(
            err, "the state folder %s can't be written; allow it, or give another", folder);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        write_pid(fd);
        return fd;
    }
    if (errno == EWOULDBLOCK)
        (void)refuse_locked(fd, folder, err);
    else
        (void)err_set_errno(err, "the state folder %s can't be locked", folder);
    (void)close(fd);
    return -1;
}

void store_place_unlock(int fd)
{
    if (fd < 0)
        return;
    (void)!ftruncate(fd, 0);
    (void)close(fd);
}
