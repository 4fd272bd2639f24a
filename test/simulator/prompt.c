/*
 * prompt.c
 *	  Has the answer there before send() returns, each second time.
 *
 * To be loaded with LD_PRELOAD.  What a fast service or a busy machine does now
 * and then: whoever sends finds the answer when it looks whether there is more
 * to do, and no event of the socket follows.  Not each time, for the call that
 * is then forgotten is one that had to wait for another.
 *
 * test/simulator/prompt.c
 */
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>

/* Longest wait for the answer, milliseconds. */
#define LONGEST 2000

static unsigned int nsent;

ssize_t
send(int sock, const void *data, size_t length, int flags)
{
	struct sockaddr_storage address;
	socklen_t	size = sizeof(address);
	struct pollfd answer = {.fd = sock, .events = POLLIN};
	ssize_t		sent = sendto(sock, data, length, flags, NULL, 0);

	if (sent == (ssize_t) length &&
		getpeername(sock, (struct sockaddr *) &address, &size) == 0 &&
		address.ss_family == AF_INET && nsent++ % 2 == 1)
		(void) poll(&answer, 1, LONGEST);
	return sent;
}
