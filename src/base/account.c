/*
 * account.c
 *	  Which account is this, and which question is asked of it: keyed hashes,
 *	  never the keys.
 *
 * An account is scheme, host, prefix, access key, secret key and session token.
 * Its SHA-256, with a salt that every cluster has made anew, has two halves.
 * One is its name, which lies in memory that others can read.  The other stays
 * in the session, and keys the hash of each question: so who does not have the
 * very same keys can neither find an answer nor tell which question one belongs
 * to.  That hash is SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012),
 * made for short texts and a key that is secret; it takes a fifth of the time.
 *
 * src/base/account.c
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"

#include "base/account.h"

/* Each text with its length, so that no two sequences look alike. */
static bool
add_text(pg_cryptohash_ctx *hash, const char *text)
{
	uint32		length = text != NULL ? strlen(text) : PG_UINT32_MAX;

	return pg_cryptohash_update(hash, (const uint8 *) &length,
								sizeof(length)) >= 0 &&
		(text == NULL ||
		 pg_cryptohash_update(hash, (const uint8 *) text, length) >= 0);
}

/*
 * qf_account_identify
 *		The name of an account, for memory that is shared, and the secret that
 *		keys its questions.  Raises 53200, and XX000 if there is no SHA-256.
 */
void
qf_account_identify(const uint8 * salt, const QfEndpoint *endpoint,
					const QfCredential *credential,
					QfDigest *name, QfDigest *secret)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	bool		done;

	done = hash != NULL && pg_cryptohash_init(hash) >= 0 &&
		pg_cryptohash_update(hash, salt, QF_SALT_LENGTH) >= 0 &&
		add_text(hash, endpoint->tls ? "https" : "http") &&
		add_text(hash, endpoint->host) &&
		add_text(hash, endpoint->prefix) &&
		add_text(hash, credential->access_key) &&
		add_text(hash, credential->secret_key) &&
		add_text(hash, credential->session_token) &&
		pg_cryptohash_final(hash, digest, sizeof(digest)) >= 0;
	pg_cryptohash_free(hash);
	if (!done)
		elog(ERROR, "could not compute SHA-256");
	memcpy(name, digest, sizeof(QfDigest));
	memcpy(secret, digest + sizeof(QfDigest), sizeof(QfDigest));
	explicit_bzero(digest, sizeof(digest));
}

/* The state of a SipHash, and bytes that do not fill a word yet. */
typedef struct Sip
{
	uint64		v[4];
	uint64		word;
	uint64		length;			/* bytes so far */
} Sip;

static inline uint64
rotate(uint64 word, int bits)
{
	return (word << bits) | (word >> (64 - bits));
}

static inline void
sip_rounds(Sip *sip, int nrounds)
{
	uint64	   *v = sip->v;

	while (nrounds-- > 0)
	{
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static inline void
sip_word(Sip *sip, uint64 word)
{
	sip->v[3] ^= word;
	sip_rounds(sip, 2);
	sip->v[0] ^= word;
}

static inline void
sip_byte(Sip *sip, uint8 byte)
{
	sip->word |= (uint64) byte << (8 * (sip->length++ & 7));
	if ((sip->length & 7) == 0)
	{
		sip_word(sip, sip->word);
		sip->word = 0;
	}
}

/*
 * qf_account_question
 *		What stands for a question of an account, given in parts that hold no
 *		zero byte.  Raises no error.
 */
void
qf_account_question(const QfDigest *secret, const char *const *parts,
					int nparts, QfDigest *question)
{
	Sip			sip = {0};

	sip.v[0] = secret->high ^ UINT64CONST(0x736f6d6570736575);
	sip.v[1] = secret->low ^ UINT64CONST(0x646f72616e646f6d) ^ 0xee;
	sip.v[2] = secret->high ^ UINT64CONST(0x6c7967656e657261);
	sip.v[3] = secret->low ^ UINT64CONST(0x7465646279746573);
	for (int i = 0; i < nparts; i++)
	{
		for (const char *p = parts[i]; *p != '\0'; p++)
			sip_byte(&sip, *p);
		sip_byte(&sip, 0);
	}

	sip_word(&sip, sip.word | sip.length << 56);
	sip.v[2] ^= 0xee;
	sip_rounds(&sip, 4);
	question->high = sip.v[0] ^ sip.v[1] ^ sip.v[2] ^ sip.v[3];
	sip.v[1] ^= 0xdd;
	sip_rounds(&sip, 4);
	question->low = sip.v[0] ^ sip.v[1] ^ sip.v[2] ^ sip.v[3];
}
