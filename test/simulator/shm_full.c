/*
 * shm_full.c
 *	  Has no room left in /dev/shm, while there is a file.
 *
 * To be loaded with LD_PRELOAD.  QIANFAN_SHM_FULL is the name of the file.
 * Other files can still be extended.
 *
 * test/simulator/shm_full.c
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
is_full(int fd)
{
	const char *flag = getenv("QIANFAN_SHM_FULL");
	char		link[64];
	char		name[256];
	ssize_t		length;

	if (flag == NULL || access(flag, F_OK) != 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name));
	return length > 9 && strncmp(name, "/dev/shm/", 9) == 0;
}

int
posix_fallocate(int fd, off_t offset, off_t length)
{
	if (is_full(fd))
		return ENOSPC;
	return fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
}

int
posix_fallocate64(int fd, off64_t offset, off64_t length)
{
	return posix_fallocate(fd, offset, length);
}
