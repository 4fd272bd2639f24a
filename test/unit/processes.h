/*
 * processes.h
 *	  The same work by several processes at once, over memory they share.
 *
 * test/unit/processes.h
 */
#ifndef QF_TEST_PROCESSES_H
#define QF_TEST_PROCESSES_H

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Memory that processes share, all zero. */
static inline void *
processes_share(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Have so many do it, each with its number; returns how many failed. */
static inline int
processes_run(int nprocesses, void (*work) (void *shared, int process),
			  void *shared)
{
	int			nfailed = 0;

	for (int i = 0; i < nprocesses; i++)
	{
		if (fork() == 0)
		{
			work(shared, i);
			_exit(0);
		}
	}
	for (int i = 0; i < nprocesses; i++)
	{
		int			status;

		if (wait(&status) < 0 || status != 0)
			nfailed++;
	}
	return nfailed;
}

#endif							/* QF_TEST_PROCESSES_H */
