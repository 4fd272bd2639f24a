/*
 * session.c
 *	  A database session that times statements and watches its backend.
 *
 * Usage: session, with a server in PGHOST etc.
 *
 * Reads commands from standard input, one a line:
 *
 *	 connect				a new session; answers with nanoseconds and "0"s
 *	 do SQL					run it, not timed
 *	 prepare NAME SQL		a named statement of one text parameter
 *	 execute NAME VALUE		run that
 *	 query SQL				run it as text
 *
 * and answers each with a line: wall time as the client sees it and CPU time of
 * the backend in nanoseconds, resident memory of the backend after it and at its
 * peak during it in kB, number of rows, and the first value.
 *
 * bench/session.c
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

static PGconn *connection;
static PGresult *result;
static int	pid;

static void
die(const char *message)
{
	fprintf(stderr, "session: %s\n", message);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void
connect_now(void)
{
	PQfinish(connection);
	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		die(PQerrorMessage(connection));
	pid = PQbackendPID(connection);
}

static FILE *
open_proc(const char *name, const char *mode)
{
	char		path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, mode);
}

/* What the scheduler gave the threads of the backend, in nanoseconds. */
static int64_t
backend_cpu(void)
{
	char		path[64];
	DIR		   *threads;
	struct dirent *thread;
	int64_t		total = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	threads = opendir(path);
	if (threads == NULL)
		die("could not look at the backend");
	while ((thread = readdir(threads)) != NULL)
	{
		FILE	   *file;
		intmax_t	cpu;

		if (thread->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "task/%.20s/schedstat", thread->d_name);
		file = open_proc(path, "r");
		if (file == NULL)
			continue;			/* it has just ended */
		if (fscanf(file, "%jd", &cpu) == 1)
			total += cpu;
		fclose(file);
	}
	closedir(threads);
	return total;
}

static long
backend_memory(const char *name)
{
	FILE	   *file = open_proc("status", "r");
	char		line[256];
	long		kilobytes = -1;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		if (strncmp(line, name, strlen(name)) == 0)
			kilobytes = strtol(line + strlen(name) + 1, NULL, 10);
	}
	if (file != NULL)
		fclose(file);
	return kilobytes;
}

/* Have the kernel forget the peak. */
static void
forget_peak(void)
{
	FILE	   *file = open_proc("clear_refs", "w");

	if (file == NULL)
		return;
	fputs("5", file);
	fclose(file);
}

static void
check_result(PGresult *new_result)
{
	ExecStatusType status = PQresultStatus(new_result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		die(PQerrorMessage(connection));
	PQclear(result);
	result = new_result;
}

/* Run one command; false if it answers with nothing but that it is done. */
static void
run(char *line)
{
	char	   *verb = strtok_r(line, " ", &line);

	if (strcmp(verb, "connect") == 0)
		connect_now();
	else if (strcmp(verb, "prepare") == 0)
	{
		char	   *name = strtok_r(line, " ", &line);

		check_result(PQprepare(connection, name, line, 1, NULL));
	}
	else if (strcmp(verb, "execute") == 0)
	{
		char	   *name = strtok_r(line, " ", &line);
		const char *values[1] = {line};

		check_result(PQexecPrepared(connection, name, 1, values, NULL, NULL, 0));
	}
	else if (strcmp(verb, "query") == 0 || strcmp(verb, "do") == 0)
		check_result(PQexec(connection, line));
	else
		die("bad command");
}

int
main(void)
{
	char	   *line = NULL;
	size_t		size = 0;
	ssize_t		length;

	while ((length = getline(&line, &size, stdin)) > 0)
	{
		int64_t		cpu = 0;
		int64_t		start;
		int64_t		end;

		line[strcspn(line, "\n")] = '\0';
		if (pid != 0)
		{
			forget_peak();
			cpu = backend_cpu();
		}
		start = now_ns();
		run(line);
		end = now_ns();
		printf("%jd %jd %ld %ld %d %s\n", (intmax_t) (end - start),
			   (intmax_t) (backend_cpu() - cpu), backend_memory("VmRSS"),
			   backend_memory("VmHWM"), result != NULL ? PQntuples(result) : 0,
			   result != NULL && PQntuples(result) > 0 ?
			   PQgetvalue(result, 0, 0) : "");
		fflush(stdout);
	}
	return 0;
}
