/*
 * test_mask.c
 *	  src/base/mask.c: secrets in foreign text are found however it spells them.
 *
 * test/unit/test_mask.c
 */
#include "postgres.h"

#include "base/mask.h"
#include "base/text.h"

#include "stubs.h"
#include "tap.h"

/* What begins with a character of a secret's must not hide that in the test. */
static const QfCredential credential = {
	.access_key = "ALTAKxyzzy1f3b",
	.secret_key = "5f0c2ab1e7d94c1d8f9be2",
	.session_token = "Zm9v+YmFy/cXV4\\x&\"%q==",
};

struct example
{
	const char *text;
	const char *masked;
};

#define MASKED "<[masked]>"

static const struct example examples[] = {
	{"nothing here", "nothing here"},
	{"", ""},
	{"key ALTAKxyzzy1f3b.", "key [masked]."},
	{"5f0c2ab1e7d94c1d8f9be2", "[masked]"},
	{"5f0c2ab1e7d94c1d8f9be3", "5f0c2ab1e7d94c1d8f9be3"},
	{"<Zm9v+YmFy/cXV4\\x&\"%q==>", MASKED},

	/* URLs */
	{"<Zm9v%2BYmFy%2FcXV4%5Cx%26%22%25q%3D%3D>", MASKED},
	{"<Zm9v%2bYmFy%2fcXV4%5cx%26%22%25q%3d%3d>", MASKED},
	{"<Zm9v%252BYmFy%252FcXV4%255Cx%2526%2522%2525q%253D%253D>", MASKED},
	{"<Zm9v%25252bYmFy%25252fcXV4%25255cx%252526%252522%252525q%25253d%25253d>", MASKED},
	{"<%5A%6d%39%76%2B%59%6d%46%79%2F%63%58%56%34%5C%78%26%22%25%71%3D%3D>", MASKED},
	{"<Zm9v+YmFy%2FcXV4\\x&\"%q==>", MASKED},
	{"<Zm9v YmFy%2FcXV4%5Cx%26%22%25q%3D%3D>", MASKED},
	{"<Zm9v-YmFy_cXV4\\x&\"%q>", MASKED},
	{"<%35f0c2ab1e7d94c1d8f9be2>", MASKED},
	{"<%41LTAKxyzzy1f3b>", MASKED},

	/* strings */
	{"<Zm9v+YmFy\\/cXV4\\\\x&\\\"%q==>", MASKED},
	{"<Zm9v\\u002bYmFy\\u002FcXV4\\u005cx\\u0026\\u0022\\u0025q\\u003d\\u003D>", MASKED},
	{"<Zm9v\\\\u002bYmFy\\\\u002FcXV4\\\\u005cx\\\\u0026\\\\u0022\\\\u0025q\\\\u003d\\\\u003D>", MASKED},
	{"<Zm9v\\x2bYmFy\\x2FcXV4\\\\x\\x26\\x22\\x25q\\x3d\\x3D>", MASKED},
	{"<Zm9v\\053YmFy\\057cXV4\\\\x\\046\\042\\045q\\075\\075>", MASKED},

	/* pages */
	{"<Zm9v&#43;YmFy&#47;cXV4\\x&amp;&quot;%q==>", MASKED},
	{"<Zm9v&#x2B;YmFy&#x2f;cXV4\\x&#38;&#034;&#37;q&#61;&#61;>", MASKED},
	{"<Zm9v&plus;YmFy&sol;cXV4&#92;x&amp;&quot;&percnt;q&equals;&equals;>", MASKED},
	{"<Zm9v&amp;#43;YmFy&amp;#47;cXV4\\x&amp;&amp;quot;%q==>", MASKED},

	/* cut off, with four bytes of the secret or more */
	{"<Zm9v", "<[masked]"},
	{"<Zm9", "<Zm9"},
	{"<Zm9v%2BYmF", "<[masked]"},
	{"<Zm9v%2", "<[masked]"},
	{"<Zm9v%", "<[masked]"},
	{"<Zm9v%25", "<[masked]"},
	{"<Zm9v\\u00", "<[masked]"},
	{"<Zm9v&#x2", "<[masked]"},
	{"<Zm9v% of it", "<Zm9v% of it"},
	{"<%5A%6", "<%5A%6"},

	/* not a spelling */
	{"Zm9v%2CYmFy", "Zm9v%2CYmFy"},
	{"100 %, 5 % \\ & &# &#x %% %2 %25", "100 %, 5 % \\ & &# &#x %% %2 %25"},

	/* what a request is signed with */
	{"bce-auth-v1/ALTAKxyzzy1f3b/2024/1800/host/00, x", "[masked], x"},
	{"bce-auth-v1%2FALTAKxyzzy1f3b%2F2024 x", "[masked] x"},
	{"%62ce-auth-v1%2FALTAKxyzzy1f3b%2F2024 x", "[masked] x"},
	{"0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789abcdef", "[masked]"},
	{"0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789abcde",
	"0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789abcde"},
};

/* Encodings and limits have tests of their own. */
char *
qf_text_clean(const char *text, int limit)
{
	(void) limit;
	return pstrdup(text);
}

int
main(void)
{
	stub_enter();
	for (size_t i = 0; i < lengthof(examples); i++)
	{
		const struct example *example = &examples[i];
		bool		whole = strstr(example->masked, "[masked]") != NULL;

		tap_is(qf_mask_text(&credential, example->text, 500),
			   example->masked, "%s", example->text);
		if (strstr(example->masked, MASKED) != NULL)
			tap_ok(qf_mask_finds(&credential, example->text, false),
				   "found: %s", example->text);
		if (!whole)
			tap_ok(!qf_mask_finds(&credential, example->text, true),
				   "not found: %s", example->text);
	}
	stub_leave();
	return tap_done();
}
