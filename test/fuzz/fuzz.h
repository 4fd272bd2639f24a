/*
 * fuzz.h
 *	  What the targets of the fuzzer share.
 *
 * test/fuzz/fuzz.h
 */
#ifndef QF_TEST_FUZZ_H
#define QF_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls with each input. */
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise of the tested code; a broken one is a finding, like a crash. */
#define PROMISE(condition) \
	((condition) ? (void) 0 : fuzz_broken(#condition, __FILE__, __LINE__))

extern void fuzz_broken(const char *promise, const char *file, int line)
			__attribute__((noreturn));

/* Exact copies in memory of the context, so that reading behind them shows. */
extern char *fuzz_text(const uint8_t *data, size_t size);

/* Detail and hint of the last error caught, in programs without a server. */
extern char fuzz_error_detail[4096];

/* The encoding GetDatabaseEncoding() tells, likewise. */
extern int	fuzz_encoding;

#endif							/* QF_TEST_FUZZ_H */
