/*
 * place.c
 *	  The place of an account in the memory that sessions share: its line, what
 *	  is known of its endpoint, and since when its answers count.
 *
 * There are 64; the 65th account takes the place of the one that was used
 * longest ago.  A place has a generation, so that a session notices, and looks
 * for its account anew.  All that lies elsewhere under the account's old name is
 * void then, for nobody knows any more what has been forgotten meanwhile.
 *
 * src/shared/place.c
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "shared/area.h"
#include "shared/place.h"

/* How often the time of use is written, microseconds. */
#define USED_STEP 1000000

/* The number of an account's place; -1: it has none. */
static int
find_place(const QfArea *area, const QfDigest *name)
{
	for (int i = 0; i < QF_MAX_PLACES; i++)
	{
		if (qf_digest_equals(&area->accounts[i], name))
			return i;
	}
	return -1;
}

/* A place that is free, or that of the account used longest ago. */
static int
choose_place(QfArea *area)
{
	int			chosen = 0;
	uint64		oldest = PG_UINT64_MAX;

	for (int i = 0; i < QF_MAX_PLACES; i++)
	{
		uint64		used = pg_atomic_read_u64(&area->places[i].used);

		if (area->accounts[i].high == 0 && area->accounts[i].low == 0)
			return i;
		if (used < oldest)
		{
			oldest = used;
			chosen = i;
		}
	}
	return chosen;
}

/* Give a place to an account; the lock is held. */
static void
take_place(QfArea *area, int number, const QfAccount *account, int64 now)
{
	QfPlace    *place = &area->places[number];

	/* Nobody must find the old name with the new generation. */
	memset(&area->accounts[number], 0, sizeof(QfDigest));
	SpinLockAcquire(&place->mutex);
	pg_atomic_fetch_add_u32(&place->generation, 1);
	memset(&place->line, 0, sizeof(place->line));
	memset(place->known, 0, sizeof(place->known));
	SpinLockRelease(&place->mutex);
	pg_atomic_write_u64(&place->used, now);
	pg_atomic_write_u64(&place->forgotten, now);
	pg_atomic_write_u64(&place->written, now);
	strlcpy(place->endpoint, account->endpoint, sizeof(place->endpoint));
	area->accounts[number] = account->name;
}

/* Have the account's place, the same as before if that is still its. */
static QfPlace *
have_place(QfAccount *account, int64 now)
{
	QfArea	   *area = qf_area_get();
	QfPlace    *place = &area->places[account->number];

	if (pg_atomic_read_u32(&place->generation) == account->generation &&
		account->generation != 0)
	{
		if (pg_atomic_read_u64(&place->used) + USED_STEP < now)
			pg_atomic_write_u64(&place->used, now);
		return place;
	}
	qf_area_lock(&area->lock, false);
	account->number = find_place(area, &account->name);
	if (account->number >= 0)
		account->generation =
			pg_atomic_read_u32(&area->places[account->number].generation);
	qf_area_unlock(&area->lock);
	if (account->number < 0)
	{
		qf_area_lock(&area->lock, true);
		account->number = find_place(area, &account->name);
		if (account->number < 0)
		{
			account->number = choose_place(area);
			take_place(area, account->number, account, now);
		}
		account->generation =
			pg_atomic_read_u32(&area->places[account->number].generation);
		qf_area_unlock(&area->lock);
	}
	return &area->places[account->number];
}

/* Have the number of the account's place, which may have got another. */
void
qf_place_find(QfAccount *account, int64 now)
{
	(void) have_place(account, now);
}

/*
 * The name and the secret of an account.  SHA-256 takes longer than all else that
 * is done here for a lookup, so the last results are kept, under a hash that no
 * other process can compute.
 */
static void
identify(QfAccount *account, const QfEndpoint *endpoint,
		 const QfCredential *credential)
{
	static QfDigest key = {0, 0};
	static struct
	{
		QfDigest	texts;
		QfDigest	name;
		QfDigest	secret;
	}			known[4];
	static int	next = 0;
	const char *texts[] = {
		endpoint->tls ? "https" : "http", endpoint->host, endpoint->prefix,
		credential->access_key, credential->secret_key,
		credential->session_token != NULL ? "token" : "",
		credential->session_token != NULL ? credential->session_token : ""
	};
	QfDigest	digest;

	if (key.high == 0 && !pg_strong_random(&key, sizeof(key)))
		elog(ERROR, "could not generate random bytes");
	qf_account_question(&key, texts, lengthof(texts), &digest);
	for (int i = 0; i < lengthof(known); i++)
	{
		if (qf_digest_equals(&known[i].texts, &digest))
		{
			account->name = known[i].name;
			account->secret = known[i].secret;
			return;
		}
	}
	qf_account_identify(qf_area_get()->salt, endpoint, credential,
						&account->name, &account->secret);
	known[next].texts = digest;
	known[next].name = account->name;
	known[next].secret = account->secret;
	next = (next + 1) % lengthof(known);
}

static void
describe_endpoint(const QfEndpoint *endpoint, char *text, Size size)
{
	snprintf(text, size, "%s://%s%s", endpoint->tls ? "https" : "http",
			 endpoint->host, endpoint->prefix);
}

/*
 * qf_place_open
 *		Know the account of these options and keys from now on.  Raises 53200.
 */
void
qf_place_open(QfAccount *account, const QfOptions *options,
			  const QfCredential *credential, int64 now)
{
	/* Most sessions have one account: begin where the last one was. */
	static int	last_number = 0;
	QfArea	   *area = qf_area_get();

	identify(account, &options->endpoint, credential);
	account->server = hash_combine64(MyDatabaseId, options->serverid) | 1;
	describe_endpoint(&options->endpoint, account->endpoint,
					  sizeof(account->endpoint));
	account->number = last_number;
	account->generation =
		pg_atomic_read_u32(&area->places[last_number].generation);
	if (!qf_digest_equals(&area->accounts[last_number], &account->name))
		account->generation = 0;
	(void) have_place(account, now);
	last_number = account->number;
}

/*
 * qf_place_enter
 *		May a call of the account start now?  Returns 0, or when to ask again;
 *		see qf_line_enter().  Without a limit this takes no lock.
 */
int64
qf_place_enter(QfAccount *account, QfTicket *ticket, double configured,
			   int64 now)
{
	QfPlace    *place = have_place(account, now);
	int64		due;

	if (configured == 0 && !*(volatile bool *) &place->line.limited)
	{
		ticket->number = 0;
		return 0;
	}
	if (ticket->generation != account->generation)
	{
		ticket->number = 0;
		ticket->generation = account->generation;
	}
	SpinLockAcquire(&place->mutex);
	due = qf_line_enter(&place->line, ticket, configured, account->server, now);
	SpinLockRelease(&place->mutex);
	return due;
}

/* A call of the account was answered, but not with a refusal for rate. */
void
qf_place_succeed(QfAccount *account, int64 now)
{
	QfPlace    *place = have_place(account, now);

	SpinLockAcquire(&place->mutex);
	qf_line_succeed(&place->line, now);
	SpinLockRelease(&place->mutex);
}

/* One was refused for rate.  Returns whether that slows the line. */
bool
qf_place_refuse(QfAccount *account, const QfRefusal *refusal, int64 now)
{
	QfPlace    *place = have_place(account, now);
	bool		slowed;

	SpinLockAcquire(&place->mutex);
	slowed = qf_line_refuse(&place->line, refusal, now);
	SpinLockRelease(&place->mutex);
	return slowed;
}

/* How many calls of the account have succeeded. */
uint64
qf_place_successes(QfAccount *account, int64 now)
{
	QfPlace    *place = have_place(account, now);
	uint64		successes;

	SpinLockAcquire(&place->mutex);
	successes = place->line.successes;
	SpinLockRelease(&place->mutex);
	return successes;
}

/* Raise a time that only grows. */
static void
raise_time(pg_atomic_uint64 *time, uint64 now)
{
	uint64		old = pg_atomic_read_u64(time);

	while (old < now && !pg_atomic_compare_exchange_u64(time, &old, now))
		 /* it was raised meanwhile */ ;
}

/* No answer of the account that was asked for by now counts any more. */
void
qf_place_forget(QfAccount *account, int64 now)
{
	raise_time(&have_place(account, now)->forgotten, now);
}

/*
 * qf_place_write
 *		Something of the account was changed: its lists, and all answers that are
 *		on their way, are void.
 */
void
qf_place_write(QfAccount *account, int64 now)
{
	raise_time(&have_place(account, now)->written, now);
}

/* The same as qf_place_forget() for all accounts of an endpoint; NULL: of all. */
void
qf_place_forget_endpoint(const QfEndpoint *endpoint, int64 now)
{
	QfArea	   *area = qf_area_get();
	char		text[sizeof(((QfAccount *) 0)->endpoint)];

	if (endpoint != NULL)
		describe_endpoint(endpoint, text, sizeof(text));
	qf_area_lock(&area->lock, true);
	for (int i = 0; i < QF_MAX_PLACES; i++)
	{
		if (endpoint == NULL || strcmp(area->places[i].endpoint, text) == 0)
			raise_time(&area->places[i].forgotten, now);
	}
	qf_area_unlock(&area->lock);
}

/*
 * qf_place_knows
 *		Is this known of the account's endpoint, by way of a server as it is
 *		defined now ("server" tells that from all others)?
 */
bool
qf_place_knows(QfAccount *account, uint64 server, uint32 knowledge, int64 now)
{
	QfPlace    *place = have_place(account, now);
	bool		knows = false;

	SpinLockAcquire(&place->mutex);
	for (int i = 0; i < QF_MAX_KNOWN; i++)
	{
		if (place->known[i].server == server)
			knows = (place->known[i].knowledge & knowledge) != 0;
	}
	SpinLockRelease(&place->mutex);
	return knows;
}

/* Let all know. */
void
qf_place_learn(QfAccount *account, uint64 server, uint32 knowledge, int64 now)
{
	QfPlace    *place = have_place(account, now);
	QfKnown    *known = NULL;

	SpinLockAcquire(&place->mutex);
	for (int i = 0; i < QF_MAX_KNOWN; i++)
	{
		if (place->known[i].server == server)
			known = &place->known[i];
	}
	if (known == NULL)
	{
		known = &place->known[place->next_known++ % QF_MAX_KNOWN];
		known->server = server;
		known->knowledge = 0;
	}
	known->knowledge |= knowledge;
	SpinLockRelease(&place->mutex);
}
