/*
 * resolver.c
 *	  Answers in the resolver's place for names that end in ".invalid".
 *
 * To be loaded with LD_PRELOAD.  Whoever asks for a name is announced in the
 * pipe DIRECTORY/asked, with the number of the thread, and waits for one
 * letter from the pipe DIRECTORY/answer: y finds the simulator, n nothing.
 * A name with "nowhere" in it is unknown at once, and so are IPv6 addresses,
 * for which recent versions of libcurl ask in a thread of their own.
 *
 * test/simulator/resolver.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
getaddrinfo(const char *name, const char *service,
			const struct addrinfo *hints, struct addrinfo **result)
{
	__typeof__(getaddrinfo) *resolve = dlsym(RTLD_NEXT, "getaddrinfo");
	char		line[64] = {0};
	int			asked, answer;

	if (name == NULL || strstr(name, ".invalid") == NULL)
		return resolve(name, service, hints, result);
	if (strstr(name, "nowhere") != NULL ||
		(hints != NULL && hints->ai_family == AF_INET6))
		return EAI_NONAME;
	asked = open(DIRECTORY "/asked", O_WRONLY | O_CLOEXEC);
	answer = open(DIRECTORY "/answer", O_RDONLY | O_CLOEXEC);
	snprintf(line, sizeof(line), "%ld", (long) gettid());
	(void) !write(asked, line, sizeof(line));
	if (read(answer, line, 1) != 1)
		line[0] = 'n';
	close(asked);
	close(answer);
	return line[0] == 'y' ?
		resolve("127.0.0.1", service, hints, result) : EAI_AGAIN;
}
