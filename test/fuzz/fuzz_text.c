/*
 * fuzz_text.c
 *	  src/base/text.c: clean any bytes for a message.
 *
 * The first byte of an input chooses limit and encoding.
 *
 * Promises: the result is one line, printable, within the limit, valid in the
 * encoding, and cleaning it once more changes nothing unless it is cut.
 *
 * test/fuzz/fuzz_text.c
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/text.h"

#include "fuzz.h"
#include "../unit/stubs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int encodings[] = {PG_UTF8, PG_SQL_ASCII, PG_LATIN1};
	char	   *cleaned;
	int			limit;
	int			length;

	if (size < 1)
		return 0;
	stub_enter();
	limit = 3 + data[0] / lengthof(encodings) * 6;
	fuzz_encoding = encodings[data[0] % lengthof(encodings)];

	cleaned = qf_text_clean(fuzz_text(data + 1, size - 1), limit);
	length = strlen(cleaned);
	PROMISE(length <= limit);
	for (int i = 0; i < length; i++)
		PROMISE((unsigned char) cleaned[i] >= ' ' && cleaned[i] != 0x7f);
	PROMISE(pg_encoding_verifymbstr(fuzz_encoding, cleaned, length) == length);
	if (length <= limit - 3)
		PROMISE(strcmp(qf_text_clean(cleaned, limit), cleaned) == 0);
	stub_leave();
	return 0;
}
